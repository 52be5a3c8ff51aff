"""A setting that cannot be is refused at the start, by its name and in a sentence."""

import pytest

from api.cli import main

BAD = {
    "TRAILBOOK_SAMPLE": "everything",
    "TRAILBOOK_AHEAD_SECONDS": "-1",
    "TRAILBOOK_LOG": "bodies",
    "TRAILBOOK_CRASH_AT": "anywhere",
    "TRAILBOOK_ACCEPT_OLDER_THAN": "-1",
    "PORT": "65536",
}


@pytest.mark.parametrize("command", ["serve", "work", "status"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_setting_is_named(
    name: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, BAD[name])
    monkeypatch.setattr("sys.argv", ["trailbook", command])

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert name in said.err
    assert len(said.err.splitlines()) == 1
