"""A folder of Arrow files, near or far, and a file that is one record: each column a list of its own length."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import fs

from domain.refusals import ArchiveDamaged

NUMBER_BYTES: Final = 16
_PIECE: Final = 1 << 20

Texts = Sequence[str]
Column = NDArray[Any] | Texts


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files lie: a path in any file system that ``pyarrow.fs`` knows. Files are written once, never changed."""

    filesystem: fs.FileSystem
    path: str

    @classmethod
    def of(cls, text: str) -> "Folder":
        """A local path, or a URI such as ``s3://bucket/folder``."""
        filesystem, path = fs.FileSystem.from_uri(text if "://" in text else Path(text).absolute().as_uri())
        # Mapped into memory: a column that nobody reads is not read.
        return cls(
            fs.LocalFileSystem(use_mmap=True) if isinstance(filesystem, fs.LocalFileSystem) else filesystem, path
        )

    def full(self, path: str) -> str:
        return f"{self.path}/{path}"

    @contextmanager
    def written(self, path: str) -> Iterator[Any]:
        """A stream into a new file; its folders are made."""
        full = self.full(path)
        self.filesystem.create_dir(full.rpartition("/")[0], recursive=True)
        with self.filesystem.open_output_stream(full) as stream:
            yield stream

    def opened(self, path: str) -> Any:
        """Raises ``ArchiveDamaged`` where there is no such file."""
        with damage_told(path):
            return self.filesystem.open_input_file(self.full(path))

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """Bytes of each file; ``None``: there is none."""
        return [found.size for found in self.filesystem.get_file_info([self.full(path) for path in paths])]

    def digest(self, path: str) -> bytes:
        """SHA-256 of a file. Raises ``ArchiveDamaged``."""
        hashed = sha256()
        with damage_told(path), self.filesystem.open_input_stream(self.full(path)) as stream:
            while piece := stream.read(_PIECE):
                hashed.update(piece)
        return hashed.digest()

    def remove(self, path: str) -> None:
        """Whoever has opened it reads on. That there is none is as good."""
        if self.sizes([path]) != [None]:
            self.filesystem.delete_file(self.full(path))

    def ages(self) -> Iterator[tuple[str, int]]:
        """The files in it at any depth, each with when it was written (microseconds, by the clock of the store)."""
        chosen = fs.FileSelector(self.path, recursive=True, allow_not_found=True)
        for found in self.filesystem.get_file_info(chosen):
            if found.type == fs.FileType.File and found.mtime_ns is not None:
                yield found.path[len(self.path) + 1 :], found.mtime_ns // 1000


class Record:
    """A file of one row whose columns are lists. A column is read when it is asked for, and no other."""

    def __init__(self, folder: Folder, path: str) -> None:
        self._path = path
        with damage_told(path):
            self._file = folder.opened(path)
            self._schema = pa.ipc.open_file(self._file).schema

    def names(self) -> list[str]:
        return list(self._schema.names)

    def __contains__(self, name: str) -> bool:
        return bool(self._schema.get_field_index(name) >= 0)

    def array(self, name: str) -> NDArray[Any]:
        """Numbers as they were written, numbers of customers as ``S16``; perhaps not to be written into."""
        with damage_told(self._path):
            values = self._values(name)
            if pa.types.is_fixed_size_binary(values.type):
                if not len(values):
                    return np.empty(0, f"S{NUMBER_BYTES}")
                whole = np.frombuffer(values.buffers()[1], f"S{NUMBER_BYTES}")
                return whole[values.offset : values.offset + len(values)]
            array: NDArray[Any] = values.to_numpy(zero_copy_only=True)
            return array

    def texts(self, name: str) -> list[str]:
        with damage_told(self._path):
            texts: list[str] = self._values(name).to_pylist()
            return texts

    def _values(self, name: str) -> Any:
        place = self._schema.get_field_index(name)
        if place < 0:
            raise ArchiveDamaged(f"{self._path} lacks {name}.")
        wanted = pa.ipc.IpcReadOptions(included_fields=[place])
        return pa.ipc.open_file(self._file, options=wanted).get_batch(0).column(0).values


def write_record(folder: Folder, path: str, columns: Mapping[str, Column]) -> None:
    """Arrays and lists of texts, each under its name, as they are: uncompressed, to be mapped."""
    lists = [_list(values) for values in columns.values()]
    batch = pa.record_batch(lists, names=list(columns))
    with folder.written(path) as stream, pa.ipc.new_file(stream, batch.schema) as file:
        file.write_batch(batch)


@contextmanager
def damage_told(path: str) -> Iterator[None]:
    """What is wrong with a file is ``ArchiveDamaged``."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise ArchiveDamaged(f"{path}: {type(error).__name__}.") from error


def _list(values: Column) -> Any:
    if not isinstance(values, np.ndarray):
        items = pa.array(values, pa.string())
    elif values.dtype.kind == "S":
        held = pa.py_buffer(np.ascontiguousarray(values))
        items = pa.FixedSizeBinaryArray.from_buffers(pa.binary(NUMBER_BYTES), len(values), [None, held])
    else:
        items = pa.array(values)
    return pa.LargeListArray.from_arrays(pa.array([0, len(items)], pa.int64()), items)
