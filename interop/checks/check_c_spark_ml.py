"""The Spark ML transformers from PySpark: ids, tokens and texts equal to transformers'."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cluster import spark_home
from corpora import documents

from conftest import CHECKOUT

JAR = CHECKOUT / "spark-jobs" / "target" / "anneal.jar"
LONG = "A line that is longer than DJL's limit. " * 400
CHATS = [
    [
        {"role": "system", "content": "你很简短。"},
        {"role": "user", "content": "Who keeps the light?"},
        {"role": "assistant", "content": "Ada Rook. 🙂"},
    ],
    [{"role": "user", "content": "几米高?"}, {"role": "assistant", "content": "四十一米。"}],
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if SparkContext._gateway is not None:  # the JVM of an earlier check does not know our jar
        SparkContext._gateway.shutdown()
        SparkContext._gateway.proc.terminate()
        SparkContext._gateway = SparkContext._jvm = None
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", str(JAR))
        .config("spark.submit.pyFiles", str(JAR))
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def theirs(tokenizer_folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tokenizer_folder)


@pytest.fixture(scope="module")
def texts(spark):
    return spark.createDataFrame(
        [(text,) for text in [*documents(), LONG, None]], "text string"
    ).repartition(3)


def test_ids_equal_transformers(spark, texts, theirs, tokenizer_folder):
    from anneal_ml import TextEncoder

    encoder = TextEncoder(inputCol="text", outputCol="e", tokenizerPath=str(tokenizer_folder))
    encoded = encoder.encode(texts)
    assert encoded.schema["e"].dataType.simpleString() == (
        "struct<ids:array<bigint>,type_ids:array<bigint>,attention_mask:array<bigint>>"
    )
    rows = encoded.collect()
    assert len(rows) == len(documents()) + 2
    for row in rows:
        if row.text is None:
            assert row.e is None
            continue
        assert row.e.ids == theirs(row.text)["input_ids"]
        assert row.e.attention_mask == [1] * len(row.e.ids)
    assert max(len(row.e.ids) for row in rows if row.e) > 2048

    padded = encoder.setMaxLength(16).setPadding("max_length").setIdType("int").encode(texts)
    for row in padded.where("text IS NOT NULL").collect():
        own = theirs(row.text, max_length=16, truncation=True, padding="max_length")
        assert row.e.ids == own["input_ids"]
        assert row.e.attention_mask == own["attention_mask"]


def test_tokens_and_texts_equal_transformers(texts, theirs, tokenizer_folder):
    from anneal_ml import TextDecoder, TextEncoder, TextTokenizer

    folder = str(tokenizer_folder)
    encoded = TextEncoder(inputCol="text", outputCol="e", hfModelId=folder).encode(texts)
    tokens = TextTokenizer(inputCol="text", outputCol="tokens", tokenizerPath=folder)
    decoder = TextDecoder(inputCol="ids", outputCol="decoded", tokenizerPath=folder)
    rows = tokens.tokenize(decoder.decode(encoded.withColumn("ids", encoded.e.ids))).collect()
    skipping = decoder.copy().setSkipSpecialTokens(True).setOutputCol("plain")
    plain = {
        row.text: row.plain
        for row in skipping.decode(encoded.selectExpr("text", "e.ids")).collect()
    }
    for row in rows:
        if row.text is not None:
            assert row.tokens == theirs.tokenize(row.text)
            assert row.decoded == theirs.decode(row.ids)
            assert plain[row.text] == theirs.decode(row.ids, skip_special_tokens=True)


def test_chats_equal_apply_chat_template_and_pipelines_persist(
    spark, theirs, tokenizer_folder, tmp_path
):
    from anneal_ml import ChatTemplateEncoder, SequencePacker
    from pyspark.ml import Pipeline, PipelineModel

    rows = spark.createDataFrame(
        [(chat,) for chat in CHATS], "messages array<struct<role:string,content:string>>"
    ).coalesce(1)
    encoder = ChatTemplateEncoder(
        inputCol="messages", outputCol="chat", tokenizerPath=str(tokenizer_folder)
    )
    encoded = [row.chat for row in encoder.encode(rows).collect()]
    expected = [theirs.apply_chat_template(chat)["input_ids"] for chat in CHATS]
    assert [row.input_ids for row in encoded] == expected
    for row in encoded:
        targets = [i for i, label in zip(row.input_ids, row.labels, strict=True) if label != -100]
        assert theirs.decode(targets).endswith("<|im_end|>")
    prompts = encoder.copy().setAddGenerationPrompt(True).encode(rows).collect()
    assert [row.chat.input_ids for row in prompts] == [
        theirs.apply_chat_template(chat, add_generation_prompt=True)["input_ids"] for chat in CHATS
    ]

    packer = SequencePacker(inputCol="chat", blockSize=512)
    model = Pipeline(stages=[encoder, packer]).fit(rows)
    packed = model.transform(rows).collect()
    assert sorted(packed[0].seq_lengths) == sorted(len(ids) for ids in expected)
    folder = str(tmp_path / "a pipeline 管道")
    model.save(folder)
    loaded = PipelineModel.load(folder)
    assert [type(stage).__name__ for stage in loaded.stages] == [
        "ChatTemplateEncoder",
        "SequencePacker",
    ]
    assert loaded.stages[1].getBlockSize() == 512
    assert loaded.transform(rows).collect() == packed
    encoder.save(f"{folder}-one")
    assert ChatTemplateEncoder.load(f"{folder}-one").encode(rows).count() == 2


def test_vectors_equal_transformers(texts):
    import torch
    from anneal_ml import TextEmbedder
    from transformers import AutoModel, AutoTokenizer

    folder = str(CHECKOUT / "sample" / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    some = texts.where("length(text) BETWEEN 1 AND 300").limit(12).cache()
    for pooling in ("mean", "last"):
        embedder = TextEmbedder(inputCol="text", outputCol="v", modelPath=folder, pooling=pooling)
        for row in embedder.embed(some).collect():
            with torch.no_grad():
                hidden = model(**tokenizer(row.text, return_tensors="pt")).last_hidden_state[0]
            expected = hidden.mean(0) if pooling == "mean" else hidden[-1]
            torch.testing.assert_close(torch.tensor(row.v), expected, rtol=1e-4, atol=1e-4)


def test_a_wrong_setting_is_one_line(texts, tokenizer_folder):
    from anneal_ml import TextEncoder
    from pyspark.errors import IllegalArgumentException

    encoder = TextEncoder(inputCol="text", hfModelId="Qwen/Qwen3-0.6B")
    with pytest.raises(IllegalArgumentException, match="nothing is downloaded from a hub"):
        encoder.encode(texts)
    encoder.setTokenizerPath(str(tokenizer_folder)).setPadding("longest")
    with pytest.raises(IllegalArgumentException, match="Invalid padding: longest"):
        encoder.encode(texts)


def test_functions_count_tokens_in_sql(spark, texts, theirs, tokenizer_folder):
    from anneal_ml import register_functions

    register_functions(spark, str(tokenizer_folder))
    texts.createOrReplaceTempView("texts")
    total = spark.sql("SELECT sum(anneal_token_count(text)) FROM texts").head()[0]
    assert total == sum(len(theirs.tokenize(text)) for text in [*documents(), LONG])


def test_the_example_runs_as_it_stands(tokenizer_folder, tmp_path):
    """With the unmodified spark-submit, in processes of its own."""
    source = tmp_path / "chats 对话.jsonl"
    lines = [json.dumps({"messages": chat}, ensure_ascii=False) for chat in CHATS]
    source.write_text("\n".join(lines), encoding="utf-8")
    target = tmp_path / "out"
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[2]"]
    command += ["--jars", str(JAR), "--py-files", str(JAR)]
    command += [str(CHECKOUT / "docs" / "examples" / "pyspark_tokenize.py")]
    command += [str(tokenizer_folder), str(source), str(target)]
    done = subprocess.run(
        command,
        env={**os.environ, "SPARK_HOME": str(spark_home()), "SPARK_LOCAL_IP": "127.0.0.1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "|assistant|       2|" in done.stdout
    import pyarrow.parquet as parquet

    table = parquet.read_table(Path(target) / "rows")
    assert table.column_names == ["input_ids", "labels", "seq_lengths"]
    assert sum(len(lengths) for lengths in table["seq_lengths"].to_pylist()) == 2


def test_data_steps_are_functions_of_frames(spark):
    from pyspark.sql import DataFrame

    prepare = spark._jvm.dev.anneal.jobs.prepare
    long = "one thing after the other is said here until all of them have been said at last"
    question = "what is the capital of France?"
    rows = [long, "你好 世界", long.upper(), "你好\u3000世界", "x", question]
    frame = spark.createDataFrame(list(enumerate(rows)), "id long, text string")
    exam = spark.createDataFrame([("What is the capital of Spain?",)], "q string")

    def ids(made) -> list[int]:
        return sorted(row.id for row in DataFrame(made, spark).collect())

    assert ids(prepare.ExactDedup.drop(frame._jdf, "text", "id")) == [0, 1, 2, 4, 5]
    assert ids(prepare.MinHashDedup.of(0.8, 5).drop(frame._jdf, "text", "id")) == [0, 1, 4, 5]
    filters = prepare.DocumentFilters.ofSettings("length.min_chars = 2")
    assert ids(filters.keep(frame._jdf, "text")) == [0, 1, 2, 3, 5]
    sets = prepare.Decontamination(5).add("exam", exam._jdf, "q")
    assert ids(sets.keep(frame._jdf, "text")) == [0, 1, 2, 3, 4]
    split = DataFrame(prepare.SplitByContent.mark(frame._jdf, "text", 0.3, 0.3), spark)
    assert split.where("id in (1, 3)").select("split").distinct().count() == 1
    assert ids(prepare.GlobalShuffle.rows(frame._jdf, 1)) == [0, 1, 2, 3, 4, 5]
