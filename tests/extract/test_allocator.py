import platform

import pytest


def test_setting_is_made_once_and_says_whether_it_took_effect(run_python):
    program = (
        "from extract.allocator import keep_freed_memory\n"
        "print(keep_freed_memory(), keep_freed_memory(), keep_freed_memory.cache_info().misses)\n"
    )
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    took_effect = str(platform.libc_ver()[0] == "glibc")
    assert done.stdout.split() == [took_effect, took_effect, "1"]


@pytest.mark.parametrize("error", ["OSError", "AttributeError", "TypeError"])
def test_nothing_happens_where_there_is_no_mallopt(run_python, error):
    program = (
        "import ctypes\n"
        f"def refuse(name):\n    raise {error}\n"
        "ctypes.CDLL = refuse\n"
        "from extract.allocator import keep_freed_memory\n"
        "print(keep_freed_memory())\n"
    )
    assert run_python(program).stdout.split() == ["False"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_stays_in_the_process(run_python):
    program = (
        "import os\n"
        "import numpy as np\n"
        "from extract.allocator import keep_freed_memory\n"
        "def resident():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')\n"
        "keep_freed_memory()\n"
        "before = resident()\n"
        "np.ones(50_000_000, np.uint8)\n"
        "print(resident() - before > 40_000_000)\n"
    )
    assert run_python(program).stdout.split() == ["True"]
