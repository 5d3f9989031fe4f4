"""Anneal's transformers in a PySpark pipeline: conversations to packed rows; tokens counted in SQL.

    spark-submit --jars anneal.jar --py-files anneal.jar pyspark_tokenize.py TOKENIZER INPUT OUTPUT

TOKENIZER is a folder with tokenizer.json, INPUT jsonl files with `messages`, OUTPUT a folder of
Parquet; each may be local, hdfs:// or s3a://.
"""

import sys

from anneal_ml import ChatTemplateEncoder, SequencePacker, register_functions
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import SparkSession


def main(tokenizer, source, target):
    spark = SparkSession.builder.appName("tokenize").getOrCreate()
    rows = spark.read.json(source)

    pipeline = Pipeline(
        stages=[
            ChatTemplateEncoder(
                inputCol="messages",
                outputCol="chat",
                tokenizerPath=tokenizer,
                chatTemplate="chatml",
                maxLength=1024,
                handleInvalid="skip",
            ),
            SequencePacker(inputCol="chat", blockSize=1024),
        ]
    )
    model = pipeline.fit(rows)
    model.write().overwrite().save(f"{target}/pipeline")
    packed = PipelineModel.load(f"{target}/pipeline").transform(rows)
    packed.write.mode("overwrite").parquet(f"{target}/rows")

    register_functions(spark, tokenizer)
    rows.selectExpr("explode(messages) AS message").createOrReplaceTempView("messages")
    spark.sql(
        """
        SELECT message.role, count(*) AS messages,
               sum(anneal_token_count(message.content)) AS tokens
        FROM messages GROUP BY message.role ORDER BY message.role
        """
    ).show()


if __name__ == "__main__":
    main(*sys.argv[1:])
