"""What a file comes to that somebody calls firmware."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.files.firmware_image import LONGEST_VERSION, Image, read_image

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def read(name: str, content: bytes) -> Image:
    sha256 = hashlib.sha256(content).hexdigest()
    return read_image(name, content[: 64 * 1024], size=len(content), sha256=sha256)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("C2089_V2.10.0_FME01.bin", "C2089_V2.10.0_FME01"),
        ("v2.0.1.tar.gz", "v2.0.1"),
        ("plain", "plain"),
        ("x" * 50 + ".bin", "x" * 50),
        ("x" * 51 + ".bin", "sha256-2d711642b726b044"),
        ("", "sha256-2d711642b726b044"),
        (".bin", "sha256-2d711642b726b044"),
        ("[red]v2[/red].bin", "sha256-2d711642b726b044"),
        ("a b.bin", "sha256-2d711642b726b044"),
        ("ฟ.bin", "sha256-2d711642b726b044"),
    ],
)
def test_any_file_can_be_installed_and_its_name_is_its_version(name: str, version: str) -> None:
    assert read(name, b"x") == Image(version)


@pytest.mark.parametrize(
    "content",
    [
        'chargeforge_firmware = 1\nversion = "2.1"\ninstall_s = 3\n',
        '# a comment\n\n# another\nchargeforge_firmware=1\nversion="2.1"\ninstall_s=3.0\n',
        '{"chargeforge_firmware": 1, "version": "2.1", "install_s": 3}',
        '\ufeff{\n "chargeforge_firmware" : 1, "version": "2.1", "install_s": 3}',
    ],
)
def test_a_description_as_toml_and_as_json(content: str) -> None:
    assert read("other.bin", content.encode()) == Image("2.1", install_s=3.0)


def test_a_description_may_fail_on_purpose() -> None:
    image = read("a.bin", b'chargeforge_firmware = 1\nversion = "2.1"\nfails = true\n')
    assert image.version == "2.1"
    assert image.broken == "the firmware file says that its installation fails"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("chargeforge_firmware = 1\n", "version must be a text of 1 to 50 characters"),
        ("chargeforge_firmware = 1\nversion = 2", "version must be"),
        (f"chargeforge_firmware = 1\nversion = '{'x' * 51}'", "version must be"),
        ("chargeforge_firmware = 1\nversion = ' 2'", "version must be"),
        ('{"chargeforge_firmware": 1, "version": "a\\nb"}', "version must be"),
        ("chargeforge_firmware = true\nversion = '2'", "chargeforge_firmware must be 1"),
        ("chargeforge_firmware = 1\nversion = '2'\ninstall_s = inf", "install_s must be"),
        ("chargeforge_firmware = 1\nversion = '2'\ninstall_s = true", "install_s must be"),
        ("chargeforge_firmware = 1\nversion = '2'\nfails = 1", "fails must be true or false"),
        ("chargeforge_firmware = 1\nversion = '2'\nname = 1", "'name' is not one of"),
        ("chargeforge_firmware = 1\nversion", "neither TOML nor JSON"),
        ("chargeforge_firmware = 1\n" + "[a.b]\n" * 2, "neither TOML nor JSON"),
        ('{"chargeforge_firmware": ' + "[" * 5_000, "neither TOML nor JSON"),
    ],
)
def test_a_description_that_is_wrong_says_why(content: str, why: str) -> None:
    image = read("a.bin", content.encode())
    assert image.version == ""
    assert why in image.broken
    assert image.broken.isprintable()


@given(name=st.text(max_size=70), content=st.binary(max_size=200))
def test_whatever_comes_is_some_image(name: str, content: bytes) -> None:
    image = read(name, content)
    assert image.broken or 1 <= len(image.version) <= LONGEST_VERSION
    assert image.version.isprintable()
    assert image.broken.isprintable()


@given(st.dictionaries(st.sampled_from(("version", "install_s", "fails", "other")), JSON_VALUES))
def test_whatever_a_description_says_it_is_some_image(said: dict[str, Any]) -> None:
    content = json.dumps({"chargeforge_firmware": 1, **said}).encode()
    image = read("a.bin", content)
    assert image.broken or 1 <= len(image.version) <= LONGEST_VERSION
    assert image.version.isprintable()
    assert image.broken.isprintable()
    if not image.broken:
        assert image.version == said["version"]
