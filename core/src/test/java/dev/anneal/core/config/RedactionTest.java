package dev.anneal.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "s3a://AKIA:SECRET@bucket/a b/c | s3a://(redacted)@bucket/a b/c",
        "s3a://AKIA:SEC/RE+T@bucket/c | s3a://(redacted)@bucket/c",
        "s3a://AKIA:SEC@RET@bucket/c | s3a://(redacted)@bucket/c",
        "s3a://a:SECRET@b1/x,s3a://c:SECRET@b2/y | s3a://(redacted)@b1/x,s3a://(redacted)@b2/y",
        "https://h/x?X-Amz-Signature=SECRET&v=1 | https://h/x?X-Amz-Signature=(redacted)&v=1",
        "abfss://c@h.example/x?sv=2&sig=SECRET |"
            + " abfss://(redacted)@h.example/x?sv=2&sig=(redacted)",
        "https://h/x?token=SECRET | https://h/x?token=(redacted)",
        "jdbc:postgresql://h:5432/d?user=u&password=SECRET |"
            + " jdbc:postgresql://h:5432/d?user=u&password=(redacted)",
        "jdbc:mysql://u:SECRET@h:3306/d | jdbc:mysql://(redacted)@h:3306/d",
        "jdbc:sqlserver://h:1433;user=sa;password=SECRET;db=x |"
            + " jdbc:sqlserver://h:1433;user=sa;password=(redacted);db=x",
        "jdbc:oracle:thin:scott/SECRET@//h:1521/s | jdbc:oracle:thin:(redacted)@//h:1521/s",
        "--conf spark.hadoop.fs.s3a.secret.key=SECRET x | --conf"
            + " spark.hadoop.fs.s3a.secret.key=(redacted) x",
        "OPTIONS (url 'jdbc:x', password 'SECRET') | OPTIONS (url 'jdbc:x', password '(redacted)')",
        "{\"password\": \"SECRET\", \"a\": 1} | {\"password\": \"(redacted)\", \"a\": 1}",
      })
  void hidesWhatIsSecretAndKeepsTheRest(String text, String redacted) {
    assertThat(Redaction.text(text)).isEqualTo(redacted);
    assertThat(Redaction.text(redacted)).as("a second time").isEqualTo(redacted);
    assertThat(Redaction.trace(new IllegalStateException(text, new RuntimeException(text))))
        .contains(redacted)
        .doesNotContain("SECRET");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/data/my corpus/a@b:c/secret recipes.jsonl",
        "s3a://bucket/users@home/x",
        "hdfs://namenode:8020/user/x@y/z",
        "spark://127.0.0.1:7077",
        "tokens=5 target_tokens=4 eos_token=<|im_end|> max_new_tokens=64",
        "Invalid tokenize.eos_token: x (must be a token)",
        "jdbc:oracle:thin:@//h:1521/s",
        "我的 数据/密码",
        ""
      })
  void leavesWhatHoldsNoSecret(String text) {
    assertThat(Redaction.text(text)).isEqualTo(text);
  }

  @Test
  void keysOfSecretsAreKnown() {
    assertThat(Redaction.isSecret("fs.s3a.access.key")).isFalse();
    assertThat(Redaction.isSecret("fs.s3a.access_key")).isTrue();
  }
}
