from train import curves


def test_the_smooth_line_averages_over_what_there_is():
    # 1; (1 + 3) / 2; (1 + 3 + 5) / 3; (3 + 5 + 10) / 3
    assert curves.smoothed([1.0, 3.0, 5.0, 10.0], 3) == [1.0, 2.0, 3.0, 6.0]


def test_a_run_is_drawn_judged_or_not(tmp_path):
    drawn = []
    (tmp_path / "log.csv").write_text("step,epoch,loss\n1,1,3.5\n2,1,2.5\n")
    header = "epoch,step,loss,metric,value,low,high,queries,best\n"
    for row in ("1,2,3.0,map@100,0.5,0.4,0.6,30,1\n", "1,2,3.0,,,,,,0\n"):
        (tmp_path / "metrics.csv").write_text(header + row)
        curves.draw(tmp_path)
        drawn.append((tmp_path / curves.CURVES_FILE).read_bytes())
    assert all(picture.startswith(b"\x89PNG") for picture in drawn)
    assert drawn[0] != drawn[1]
