"""Texts in, manifests out, with every problem of every text."""

from reconciler.core.manifest.documents import Text, Variables
from reconciler.core.manifest.read import Item, Manifests, read_manifests

__all__ = ["Item", "Manifests", "Text", "Variables", "read_manifests"]
