"""File names of an index and of its generations, and the number of their format."""

from __future__ import annotations

#: Raised whenever a generation of an older version of this project can no longer be read.
FORMAT = 5

#: In the index folder: the file that names the live generation, and the folder of all generations.
CURRENT = "CURRENT"
GENERATIONS = "generations"
#: In the index folder: the lock of a running build, and the caches of all builds.
BUILD_LOCK = ".build.lock"
VECTOR_CACHE = "vectors"
PREPARATION_CACHE = "prepared/documents.sqlite"
#: Prefix of the folder of a generation that is not complete yet.
STAGING_PREFIX = ".building."

#: In the folder of a generation.
MANIFEST = "manifest.json"
STORE = "documents.sqlite"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_VECTORS = "sentences.faiss"
LEXICAL = "lexical"
ALIGNMENT = "alignment.npy"
ASPECTS = "aspects.npy"
ATTRIBUTION = "scope.npy"
