package dev.anneal.jobs.prepare;

import dev.anneal.data.dedup.Jaccard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Pairs of documents that share the key of a band, from rows sorted by it. The first documents of a
 * bucket are paired with each other; each later one with the bucket's first, with its neighbour,
 * and with the first of those that share the next band's key too. So a bucket of any size takes
 * bounded memory and at most three pairs a document. Confined to one thread.
 */
final class BucketPairs implements Iterator<Row> {
  static final StructType BAND =
      new StructType()
          .add("key", DataTypes.LongType, false)
          .add("other", DataTypes.LongType, false)
          .add(DocumentSteps.ID, DataTypes.LongType, false)
          .add("size", DataTypes.IntegerType, false);
  static final StructType PAIR =
      new StructType().add("one", DataTypes.LongType, false).add("two", DataTypes.LongType, false);

  /** Documents of a bucket that are all compared with each other. */
  private static final int LEADERS = 32;

  private final Iterator<Row> rows;
  private final double threshold;
  private final List<Member> leaders = new ArrayList<>();
  private final Deque<Row> pairs = new ArrayDeque<>();
  private Member runFirst = new Member(0, 0, 0, 0);
  private Member previous = runFirst;

  BucketPairs(Iterator<Row> rows, double threshold) {
    this.rows = rows;
    this.threshold = threshold;
  }

  private record Member(long key, long other, long id, int size) {
    static Member of(Row row) {
      return new Member(row.getLong(0), row.getLong(1), row.getLong(2), row.getInt(3));
    }
  }

  @Override
  public boolean hasNext() {
    while (pairs.isEmpty() && rows.hasNext()) {
      accept(Member.of(rows.next()));
    }
    return !pairs.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return pairs.remove();
  }

  private void accept(Member member) {
    if (leaders.isEmpty() || leaders.get(0).key() != member.key()) {
      leaders.clear();
      runFirst = member;
    } else if (leaders.size() < LEADERS) {
      leaders.forEach(leader -> pair(leader, member));
      runFirst = runFirst.other() == member.other() ? runFirst : member;
    } else {
      pair(leaders.get(0), member);
      pair(previous, member);
      if (runFirst.other() == member.other()) {
        pair(runFirst, member);
      } else {
        runFirst = member;
      }
    }
    if (leaders.size() < LEADERS) {
      leaders.add(member);
    }
    previous = member;
  }

  private void pair(Member a, Member b) {
    if (!Jaccard.impossible(a.size(), b.size(), threshold)) {
      pairs.add(RowFactory.create(Math.min(a.id(), b.id()), Math.max(a.id(), b.id())));
    }
  }
}
