import pytest

from extract.errors import PhotosError
from extract.photo_list import ListedPhoto, read_photo_list


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def refused(path):
    with pytest.raises(PhotosError) as caught:
        read_photo_list(path)
    text = str(caught.value)
    assert "list.csv" in text
    assert "\n" not in text
    return text


def test_columns_come_in_any_order_and_case(written):
    path = written(" Usage,LABEL, File ,ID\nPublic,Tower,a b.jpg,7\n")
    assert read_photo_list(path) == [ListedPhoto("7", "a b.jpg", "Tower", {"usage": "Public"})]


def test_label_is_optional(written):
    assert read_photo_list(written("id,file\n1,a.jpg\n")) == [ListedPhoto("1", "a.jpg", "", {})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_line_ending_and_a_byte_order_mark_are_read(written, end, mark):
    path = written(mark + end.join(["id,file", "ü,ñ.jpg", "", "b,b.jpg"]))
    assert [photo.photo_id for photo in read_photo_list(path)] == ["ü", "b"]


def test_quoted_values_keep_commas_and_line_breaks(written):
    path = written('id,file,label\n"a,1","x\ny.jpg","say ""hi"""\n')
    assert read_photo_list(path) == [ListedPhoto("a,1", "x\ny.jpg", 'say "hi"', {})]


def test_values_are_taken_as_they_stand(written):
    assert read_photo_list(written("id,file\n1, a.jpg \n"))[0].file == " a.jpg "


def test_column_without_a_name_is_ignored(written):
    # what pandas writes for its index, and what a comma at the end of each line means
    assert read_photo_list(written(",id,file,\n0,a,b.jpg,\n")) == [ListedPhoto("a", "b.jpg", "", {})]


@pytest.mark.parametrize("column", ["id", "file"])
def test_missing_column_is_named_with_those_there(written, column):
    header = {"id": "name,file", "file": "id,path"}[column]
    text = refused(written(f"{header}\na,b\n"))
    assert f"no column '{column}'" in text
    assert all(f"'{name}'" in text for name in header.split(","))


def test_semicolons_are_shown(written):
    assert "parted by commas, are 'id;file'" in refused(written("id;file\na;b\n"))


def test_repeated_column_is_named(written):
    assert "'file' twice" in refused(written("id,file,FILE\na,b,c\n"))


def test_repeated_id_is_named_with_both_lines(written):
    # the record of id b starts on line 3 and ends on line 5; the second a is on line 7, behind a blank line
    path = written('id,file\na,1\nb,"2\n\n"\n\na,3\n')
    assert "lines 2 and 7 " in (text := refused(path))
    assert "'a'" in text


@pytest.mark.parametrize(
    ("record", "said"), [(",x.jpg", "has no id"), ("x,", "has no file"), ("  ,y", "no id")]
)
def test_empty_id_or_file_is_refused_with_its_line(written, record, said):
    text = refused(written(f"id,file\na,b\n{record}\n"))
    assert said in text
    assert text.startswith("line 3 ")


@pytest.mark.parametrize("record", ["a", "a,b,c", "a,b,"])
def test_record_with_other_than_the_headers_fields_is_refused_with_its_line(written, record):
    text = refused(written(f'id,file\n"q\nr",s\n{record}\n'))
    assert text.startswith("line 4 ")
    assert f"has {record.count(',') + 1} fields, the header has 2" in text


def test_bytes_that_are_no_utf8_are_refused_with_their_line(written):
    text = refused(written(b"id,file\na,b\nc,caf\xe9.jpg\n"))
    assert text.startswith("line 3 ")
    assert "UTF-8" in text
    assert "UTF-8" in refused(written("id,file\na,b\n".encode("utf-16")))


def test_zero_byte_is_refused_with_its_line(written):
    assert refused(written(b"id,file\na,b\0.jpg\n")).startswith("line 2 ")


@pytest.mark.parametrize("record", ['c,"open', 'c,"x"y', "c," + "x" * 200_000])
def test_broken_quotes_are_refused_with_the_line_where_the_record_starts(written, record):
    assert refused(written(f"id,file\na,b\n{record}\nd,e\n")).startswith("line 3 ")


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", ",,\n"])
def test_empty_list_is_refused(written, content):
    assert "is empty" in refused(written(content))


def test_list_with_nothing_but_a_header_is_refused(written):
    assert "lists no photo" in refused(written("id,file\n\n"))


def test_missing_list_and_folder_are_refused(tmp_path):
    assert "is not there" in refused(str(tmp_path / "list.csv"))
    (tmp_path / "list.csv").mkdir()
    assert "cannot be read: Is a directory" in refused(str(tmp_path / "list.csv"))


def test_file_that_is_not_there_is_no_matter_of_the_list(written):
    assert read_photo_list(written("id,file\na,nowhere.jpg\n"))[0].file == "nowhere.jpg"
