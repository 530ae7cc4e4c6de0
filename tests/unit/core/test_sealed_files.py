"""Files that are encrypted piece by piece: what was changed, cut, swapped or made with another key does not open."""

import pytest

from muniment.core.backup import BadBackup, NoKey, keys, manifest, sealing

KEY = b"k" * 32


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sealing, "PIECE", 100)


def made(folder, data, name="file"):
    with sealing.Sealed(folder / name, KEY) as out:
        for start in range(0, len(data), 37):
            out.write(data[start : start + 37])
    return folder / name


def read(path, key=KEY):
    return b"".join(sealing.opened(path, key))


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1234])
def test_what_goes_in_comes_out(tmp_path, small, size):
    data = bytes(each % 251 for each in range(size))
    path = made(tmp_path, data)
    assert read(path) == data
    assert path.stat().st_mode & 0o777 == 0o600
    assert size < 20 or data not in path.read_bytes()


def test_what_was_changed_cut_lengthened_or_moved_does_not_open(tmp_path, small):
    path = made(tmp_path, bytes(1000))
    whole = path.read_bytes()
    head, piece = len(sealing.MAGIC) + 32, 116
    swapped = whole[:head] + whole[head + piece : head + 2 * piece] + whole[head : head + piece]
    spoilt = {
        "changed": whole[:500] + bytes([whole[500] ^ 1]) + whole[501:],
        "cut within a piece": whole[:-1],
        "cut between pieces": whole[: head + 3 * piece],
        "without any piece": whole[:head],
        "lengthened": whole + whole[-piece:],
        "swapped": swapped + whole[head + 2 * piece :],
        "another salt": whole[: head - 1] + b"?" + whole[head:],
    }
    for what, data in spoilt.items():
        path.write_bytes(data)
        with pytest.raises(BadBackup):
            pytest.fail(f"{what}: {read(path)[:20]!r}")


def test_another_key_or_another_name_does_not_open(tmp_path):
    path = made(tmp_path, b"words")
    with pytest.raises(BadBackup):
        read(path, b"l" * 32)
    with pytest.raises(BadBackup):
        read(path.rename(tmp_path / "other"))


def test_a_manifest_is_believed_by_its_key_alone(tmp_path):
    manifest.write(tmp_path, {"kind": "records", "files": {}}, KEY)
    assert manifest.read(tmp_path, KEY, "records")["files"] == {}
    with pytest.raises(BadBackup, match="not the key"):
        manifest.read(tmp_path, b"l" * 32, "records")
    with pytest.raises(BadBackup, match="not of keys"):
        manifest.read(tmp_path, KEY, "keys")
    path = tmp_path / manifest.NAME
    path.write_text(path.read_text().replace("{}", '{"more": 1}'))
    with pytest.raises(BadBackup, match="was changed"):
        manifest.read(tmp_path, KEY, "records")


def test_only_the_newest_copy_of_the_keys_has_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv(keys.KEYS, str(tmp_path / "key"))
    held = keys.Generations(tmp_path / "copy")
    first, key = held.begin()
    held.keep_only(first)
    second, _ = held.begin()
    assert held.key(first) == key, "until the new copy is whole, the old one can be read"
    held.keep_only(second)
    with pytest.raises(BadBackup, match="newer copy took its place"):
        held.key(first)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_missing_or_lies_in_the_backup_is_refused_with_words(tmp_path, monkeypatch):
    monkeypatch.delenv(keys.RECORDS, raising=False)
    with pytest.raises(NoKey, match="openssl rand"):
        keys.of_records(tmp_path)
    monkeypatch.setenv(keys.RECORDS, str(tmp_path / "none"))
    with pytest.raises(NoKey, match="move it elsewhere"):
        keys.of_records(tmp_path)
    with pytest.raises(NoKey, match="openssl rand"):
        keys.of_records(tmp_path / "copy")
    (tmp_path / "none").write_text("abc")
    with pytest.raises(NoKey, match="64 hexadecimal"):
        keys.of_records(tmp_path / "copy")
