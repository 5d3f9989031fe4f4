package dev.anneal.jobs.read;

import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What of a table's columns becomes rows. Immutable.
 *
 * @param wanted the columns that the rows are made for: one of them that cannot be read is an error
 * @param others whether rows have the other columns too, those that can be read; they have them
 *     anyway where no wanted one is there, so that it can be said what is
 * @param asText a wanted column that stays text also where it is declared as JSON; may be empty
 * @param keepNulls whether fields of nested objects that are null stay in them. A table has all
 *     fields in all objects; in lines of JSON only those stand that an object has
 */
public record RowColumns(Set<String> wanted, boolean others, String asText, boolean keepNulls)
    implements Serializable {
  /** Every column that can be read. */
  public static final RowColumns ALL = new RowColumns(Set.of(), true, "", false);

  private static final String MESSAGE_ROLE = "role";
  private static final String MESSAGE_CONTENT = "content";

  public RowColumns {
    wanted = Set.copyOf(wanted);
  }

  /** The columns to read, of those that a table has. */
  public List<String> of(List<String> names, Predicate<String> readable) {
    boolean all = others || names.stream().noneMatch(wanted::contains);
    return names.stream()
        .filter(name -> wanted.contains(name) || (all && readable.test(name)))
        .toList();
  }

  /**
   * Whether a null field of a nested object stays. That of a message's content does: an assistant
   * that only calls tools says null, and templates ask for it.
   */
  public boolean keeps(String field, List<String> fields) {
    return keepNulls || (field.equals(MESSAGE_CONTENT) && fields.contains(MESSAGE_ROLE));
  }
}
