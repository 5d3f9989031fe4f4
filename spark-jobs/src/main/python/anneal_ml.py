"""Anneal's Spark ML transformers for PySpark. The work is done in the JVM; nothing runs in Python.

The file travels at the top of anneal.jar, so that one jar is all that a job needs:

    spark-submit --jars anneal.jar --py-files anneal.jar job.py

Params have the names and defaults of the Java classes; ``setX`` and ``getX`` are there for each.
"""

from __future__ import annotations

import sys

from pyspark.ml.param import Param, TypeConverters
from pyspark.ml.util import JavaMLReadable, JavaMLReader, JavaMLWritable
from pyspark.ml.wrapper import JavaTransformer

__all__ = [
    "ChatTemplateEncoder",
    "SequencePacker",
    "TextDecoder",
    "TextEmbedder",
    "TextEncoder",
    "TextTokenizer",
    "register_functions",
]

_PACKAGE = "dev.anneal.spark.ml"
# PySpark looks for the class of a loaded stage in the module that is named as its Java package.
sys.modules.setdefault(_PACKAGE, sys.modules[__name__])

_STRING, _INT, _BOOLEAN = TypeConverters.toString, TypeConverters.toInt, TypeConverters.toBoolean


class _Reader(JavaMLReader):
    @classmethod
    def _java_loader_class(cls, clazz):
        return f"{_PACKAGE}.{clazz.__name__}"


class _Stage(JavaTransformer, JavaMLReadable, JavaMLWritable):
    """A stage whose params are those of its Java class."""

    _settings: dict = {}

    def __init__(self, **params):
        super().__init__()
        self._java_obj = self._new_java_obj(f"{_PACKAGE}.{type(self).__name__}", self.uid)
        for name, converter in self._settings.items():
            java = self._java_obj.getParam(name)
            setattr(self, name, Param(self, name, java.doc(), converter))
        self._params = None  # so that the new ones are found
        for name in self._settings:
            java = self._java_obj.getParam(name)
            if self._java_obj.hasDefault(java):
                self._setDefault(**{name: self._java_obj.getDefault(java).get()})
        for name, value in params.items():
            _put(self, name, value)

    @classmethod
    def read(cls):
        return _Reader(cls)


def _put(stage, name, value):
    """Sets a param; of the two names of a tokenizer's folder the later one counts."""
    other = {"tokenizerPath": "hfModelId", "hfModelId": "tokenizerPath"}.get(name)
    if other is not None:
        stage.clear(stage.getParam(other))
    return stage._set(**{name: value})


def _stage(settings):
    """Gives a class its params with a setter and a getter each."""

    def decorate(cls):
        cls._settings = settings
        for name in settings:
            title = name[0].upper() + name[1:]
            setattr(cls, f"get{title}", lambda self, name=name: self.getOrDefault(name))
            setattr(cls, f"set{title}", lambda self, value, name=name: _put(self, name, value))
        return cls

    return decorate


_COLUMN = {"inputCol": _STRING, "outputCol": _STRING}
_TOKENIZER = {**_COLUMN, "tokenizerPath": _STRING, "hfModelId": _STRING, "batchSize": _INT}


@_stage(_TOKENIZER)
class TextTokenizer(_Stage):
    """Text to the spellings of its tokens."""

    def tokenize(self, dataset):
        return self.transform(dataset)


@_stage(
    {
        **_TOKENIZER,
        "idType": _STRING,
        "maxLength": _INT,
        "padding": _STRING,
        "addSpecialTokens": _BOOLEAN,
        "addEosToken": _BOOLEAN,
    }
)
class TextEncoder(_Stage):
    """Text to ids, type_ids and attention_mask."""

    def encode(self, dataset):
        return self.transform(dataset)


@_stage({**_TOKENIZER, "skipSpecialTokens": _BOOLEAN})
class TextDecoder(_Stage):
    """Ids to text."""

    def decode(self, dataset):
        return self.transform(dataset)


@_stage({**_COLUMN, "modelPath": _STRING, "pooling": _STRING, "maxLength": _INT, "batchSize": _INT})
class TextEmbedder(_Stage):
    """Text to a vector: the pooled last hidden states of a decoder."""

    def embed(self, dataset):
        return self.transform(dataset)


@_stage(
    {
        **_TOKENIZER,
        "chatTemplate": _STRING,
        "mask": _STRING,
        "maxLength": _INT,
        "overlong": _STRING,
        "addGenerationPrompt": _BOOLEAN,
        "handleInvalid": _STRING,
        "idType": _STRING,
    }
)
class ChatTemplateEncoder(_Stage):
    """Conversations to input_ids and labels through the tokenizer's chat template."""

    def encode(self, dataset):
        return self.transform(dataset)


@_stage(
    {
        "inputCol": _STRING,
        "labelsCol": _STRING,
        "packing": _STRING,
        "blockSize": _INT,
        "tail": _STRING,
        "batchSize": _INT,
        "idType": _STRING,
    }
)
class SequencePacker(_Stage):
    """Samples to rows of at most blockSize ids."""

    def pack(self, dataset):
        return self.transform(dataset)


def register_functions(spark, tokenizer_path: str) -> None:
    """Registers anneal_token_count(text) and anneal_encode(text) for Spark SQL."""
    spark._jvm.dev.anneal.spark.ml.SqlFunctions.register(spark._jsparkSession, tokenizer_path)
