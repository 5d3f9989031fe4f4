package dev.anneal.data.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class LongSetTest {
  @Property(tries = 50)
  void holdsWhatASetHolds(@ForAll long[] values) {
    LongSet set = new LongSet();
    TreeSet<Long> expected = new TreeSet<>();
    for (long value : values) {
      assertThat(set.add(value)).isEqualTo(expected.add(value));
    }
    assertThat(set.add(0)).isEqualTo(expected.add(0L));
    assertThat(set.add(0)).isFalse();
    assertThat(set.sorted())
        .containsExactly(expected.stream().mapToLong(Long::longValue).toArray());
    assertThat(set.size()).isEqualTo(expected.size());
  }
}
