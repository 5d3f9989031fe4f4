package dev.anneal.core.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a transport must do besides, for another one to lean on it. */
public abstract class ControlCollectiveContract extends CollectiveContract {
  private static final int MANY = 40;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void announcedOperationsCountWithTheOthers(int worldSize) throws Exception {
    List<Long> numbers =
        onAll(
            group(worldSize),
            member -> {
              long first = enter(member, 7).sequence();
              long number = first;
              for (int i = 0; i < MANY; i++) {
                number = enter(member, i).sequence();
              }
              member.barrier();
              assertThat(member.allReduceSum(new double[] {1})).containsExactly(worldSize);
              assertThat(control(member).failure()).isEmpty();
              return number - first;
            });
    assertThat(numbers).containsOnly((long) MANY);
  }

  @Test
  void announcedOperationsThatDifferFailEveryRankThatWaits() throws Exception {
    List<Collective> group = group(3);
    List<GroupFailure> failures =
        onAll(
            group,
            member -> {
              try {
                enter(member, member.rank() == 2 ? 11 : 10);
                member.barrier();
                throw new AssertionError("the barrier held");
              } catch (CollectiveException e) {
                return e.failure();
              }
            });
    for (GroupFailure failure : failures) {
      assertThat(failure.reason())
          .startsWith("Ranks are out of step")
          .contains("10 values")
          .contains("11 values");
      assertThat(failure.isFinal()).isFalse();
    }
    for (Collective member : group) {
      assertThat(control(member).failure()).contains(failures.get(0));
    }
  }

  @Test
  void aRankThatRunsAheadOfOneThatLeftFails() throws Exception {
    List<Collective> group = group(2);
    onAll(group, member -> enter(member, 5));
    group.get(1).close();
    assertThatThrownBy(
            () -> {
              enter(group.get(0), 5);
              group.get(0).barrier();
            })
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("rank 1 has left the group");
  }

  @Test
  void whatOneRankReportsEveryRankHears() throws Exception {
    List<Collective> group = group(3);
    GroupFailure lost = GroupFailure.passing("the card of rank 1 is lost");
    assertThat(control(group.get(1)).report(lost.reason())).isEqualTo(lost);
    assertThat(control(group.get(1)).report("something later")).isEqualTo(lost);
    for (Collective member : group) {
      assertThatThrownBy(member::barrier)
          .isInstanceOf(CollectiveException.class)
          .hasMessage(lost.reason());
    }
  }

  @Test
  void aStallCountsOnlyWhereAllRanksAre() throws Exception {
    List<Collective> group = group(2);
    Operation alone = enter(group.get(0), 5);
    control(group.get(0)).stalled(alone, "nothing moves");
    enter(group.get(1), 5);
    control(group.get(0)).stalled(alone, "it has just begun");
    onAll(group, member -> member.allReduceSum(new double[] {1}));
    assertThat(control(group.get(0)).failure()).isEmpty();
  }

  private static Operation enter(Collective member, long length) {
    return control(member).enter(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, length);
  }

  private static ControlCollective control(Collective member) {
    return (ControlCollective) member;
  }
}
