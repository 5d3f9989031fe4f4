package dev.anneal.data.tokenize;

import ai.djl.huggingface.tokenizers.jni.CharSpan;

/** Turns the library's offsets, which count code points, into UTF-16 offsets of one text. */
final class CodePointSpans {
  /** UTF-16 offset of each code point and of the end; empty when both counts agree. */
  private final int[] offsets;

  private CodePointSpans(int[] offsets) {
    this.offsets = offsets;
  }

  static CodePointSpans of(String text) {
    int count = text.codePointCount(0, text.length());
    if (count == text.length()) {
      return new CodePointSpans(new int[0]);
    }
    int[] offsets = new int[count + 1];
    int at = 0;
    for (int i = 0; i < count; i++) {
      offsets[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    offsets[count] = at;
    return new CodePointSpans(offsets);
  }

  EncodedText attach(int[] ids, CharSpan[] spans) {
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      // A token without a span stands for no character: it lies where its predecessor ends.
      int before = i == 0 ? 0 : ends[i - 1];
      starts[i] = spans[i] == null ? before : offset(spans[i].getStart());
      ends[i] = spans[i] == null ? before : offset(spans[i].getEnd());
    }
    return new EncodedText(ids, starts, ends);
  }

  private int offset(int codePoints) {
    return offsets.length == 0 ? codePoints : offsets[codePoints];
  }
}
