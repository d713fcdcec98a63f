"""What is wanted in, the files that the manifests refer to out: what a watcher of manifests must watch besides them."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from reconciler.core.manifest.fields import FileReference, SecretReference
from reconciler.core.wanted import Wanted

__all__ = ["referred_files"]


def referred_files(wanted: Wanted) -> Iterator[Path]:
    """Certificates, private keys, secrets and the rows of sets, whether they exist or not."""
    yield from (Path(base, file) for base, file in wanted.beside)
    manifests = wanted.manifests
    kinds = (manifests.tenants, manifests.endpoints, manifests.certificates, manifests.sinks)
    for kind in kinds:
        for item in kind:
            for file in files_in(item.manifest):
                yield Path(item.document.text.base, file)


def files_in(value: object) -> Iterator[str]:
    match value:
        case FileReference(file=str(file)) | SecretReference(file=str(file)):
            yield file
        case BaseModel():
            for name in type(value).model_fields:
                yield from files_in(getattr(value, name))
        case list() | tuple():
            for each in value:
                yield from files_in(each)
        case dict():
            for each in value.values():
                yield from files_in(each)
