package dev.anneal.data.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.read.JsonRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationMapperTest {
  private final ConversationMapper mapper = ConversationMapper.detecting();

  @Test
  void joinsInstructionAndInputOfAlpacaRows() {
    assertThat(said("{'instruction':'Translate.','input':'灯塔','output':'lighthouse'}"))
        .isEqualTo("user=Translate.\n灯塔; assistant=lighthouse");
    assertThat(said("{'instruction':'Hi','input':'','output':'Ho'}"))
        .isEqualTo("user=Hi; assistant=Ho");
    assertThat(said("{'instruction':'Hi','input':null,'output':'Ho'}"))
        .isEqualTo("user=Hi; assistant=Ho");
    assertThat(said("{'instruction':'Hi','output':null}")).isEqualTo("user=Hi; assistant=");
    assertThat(said("{'instruction':'','input':'only','output':'x'}"))
        .isEqualTo("user=only; assistant=x");
  }

  @Test
  void takesSystemAndHistoryOfAlpacaRows() {
    assertThat(
            said("{'instruction':'c','output':'d','system':'s','history':[['a','b'],['é','中']]}"))
        .isEqualTo("system=s; user=a; assistant=b; user=é; assistant=中; user=c; assistant=d");
    assertThat(said("{'instruction':'c','output':'d','system':'','history':null}"))
        .isEqualTo("user=c; assistant=d");
  }

  @Test
  void readsConversationsOfShareGptAndBelle() {
    assertThat(
            said(
                "{'id':'7','conversations':[{'from':'system','value':'s'},{'from':'human',"
                    + "'value':'a'},{'from':'gpt','value':'b'},{'from':'user','value':'c'},"
                    + "{'from':'assistant','value':'d'}]}"))
        .isEqualTo("system=s; user=a; assistant=b; user=c; assistant=d");
    assertThat(
            said(
                "{'system':'column','conversations':[{'from':'human','value':'灯'},{'from':'chatgpt',"
                    + "'value':'塔'}]}"))
        .isEqualTo("system=column; user=灯; assistant=塔");
    assertThat(
            said(
                "{'system':'column','conversations':[{'from':'system','value':'own'},{'from':"
                    + "'human','value':'a'},{'from':'bing','value':'b'}]}"))
        .isEqualTo("system=own; user=a; assistant=b");
  }

  @Test
  void readsPairsOfHumanAndAssistant() {
    assertThat(
            said("{'conversation':[{'human':'a','assistant':'b'},{'human':'灯','assistant':'塔'}]}"))
        .isEqualTo("user=a; assistant=b; user=灯; assistant=塔");
  }

  @Test
  void readsQueryAndResponse() {
    assertThat(said("{'query':'c','response':'d','history':[['a','b']],'system':'s'}"))
        .isEqualTo("system=s; user=a; assistant=b; user=c; assistant=d");
  }

  @Test
  void readsFunctionCallsOfShareGpt() {
    Conversation called =
        map(
            "{'tools':'[{\\'name\\':\\'tide\\'}]','conversations':[{'from':'human','value':'a'},"
                + "{'from':'function_call','value':'{\\'name\\':\\'tide\\',\\'arguments\\':{}}'},"
                + "{'from':'observation','value':'low'},{'from':'gpt','value':'b'}]}");
    assertThat(called.messages())
        .extracting(ChatMessage::role)
        .containsExactly("user", "assistant", "tool", "assistant");
    assertThat(called.messages().get(1).fields().get("tool_calls"))
        .hasToString("[{\"type\":\"function\",\"function\":{\"name\":\"tide\",\"arguments\":{}}}]");
    assertThat(called.variables().get("tools")).hasToString("[{\"name\":\"tide\"}]");
  }

  @Test
  void readsWhatIsTrainedFromTheMessage() {
    Conversation flags =
        map(
            "{'messages':[{'role':'user','content':'a','train':true},"
                + "{'role':'assistant','content':'b','weight':0},"
                + "{'role':'assistant','content':'c','weight':1},"
                + "{'role':'assistant','content':'d','loss':false},"
                + "{'role':'assistant','content':'e','train':null}]}");
    assertThat(flags.messages())
        .extracting(ChatMessage::train)
        .containsExactly(
            Optional.of(true),
            Optional.of(false),
            Optional.of(true),
            Optional.of(false),
            Optional.empty());
    Conversation prompted =
        map(
            "{'prompt':[{'role':'user','content':'a'},{'role':'assistant','content':'b'},"
                + "{'role':'user','content':'c'}],'completion':[{'role':'assistant','content':'d'}]}");
    assertThat(prompted.messages())
        .extracting(ChatMessage::train)
        .containsExactly(Optional.empty(), Optional.of(false), Optional.empty(), Optional.empty());
  }

  @Test
  void readsVariablesOfTheTemplate() {
    Conversation variables =
        map(
            "{'documents':[{'title':'t'}],'chat_template_kwargs':{'enable_thinking':false},"
                + "'tools':'','messages':[{'role':'user','content':'a'}]}");
    assertThat(variables.variables()).containsOnlyKeys("documents", "enable_thinking");
  }

  @Test
  void readsColumnsAndTagsAsLlamaFactoryNamesThem() {
    ConversationMapper tags =
        ConversationMapper.of(
            DatasetFormat.SHAREGPT,
            Map.of(
                "messages", "dialogue",
                "role_tag", "who",
                "content_tag", "says",
                "user_tag", "Q",
                "assistant_tag", "A"));
    assertThat(said(tags, "{'dialogue':[{'who':'Q','says':'a'},{'who':'A','says':'b'}]}"))
        .isEqualTo("user=a; assistant=b");
    ConversationMapper alpaca =
        ConversationMapper.of(
            DatasetFormat.ALPACA, Map.of("prompt", "q", "query", "ctx", "response", "a"));
    assertThat(said(alpaca, "{'q':'Sum','ctx':'1 1','a':'2'}"))
        .isEqualTo("user=Sum\n1 1; assistant=2");
    assertThat(
            said(
                ConversationMapper.of(
                    DatasetFormat.MESSAGES,
                    Map.of("role_tag", "who", "content_tag", "says", "user_tag", "Q")),
                "{'messages':[{'who':'Q','says':'a'},{'who':'assistant','says':'b'}]}"))
        .isEqualTo("user=a; assistant=b");
    assertThat(
            said(
                ConversationMapper.detecting(Map.of("messages", "log")),
                "{'log':[{'role':'user','content':'a'}]}"))
        .isEqualTo("user=a");
  }

  @Test
  void readsMessages() {
    assertThat(
            said(
                "{'messages':[{'role':'system','content':''},{'role':'user','content':[{'type':"
                    + "'text','text':'a'},{'type':'text','text':'b'}]},{'role':'assistant',"
                    + "'content':null}]}"))
        .isEqualTo("system=; user=ab; assistant=");
    assertThat(said("{'conversations':[{'role':'user','content':'a'}]}")).isEqualTo("user=a");
    Conversation tools =
        map(
            "{'tools':[{'name':'t'}],'messages':[{'role':'assistant','content':'',"
                + "'tool_calls':[1],'name':null}]}");
    assertThat(tools.variables()).containsOnlyKeys("tools");
    assertThat(tools.messages().get(0).fields()).containsOnlyKeys("role", "content", "tool_calls");
  }

  @Test
  void readsPromptAndCompletion() {
    assertThat(said("{'prompt':'a','completion':'b'}")).isEqualTo("user=a; assistant=b");
    assertThat(
            said(
                "{'prompt':[{'role':'user','content':'a'}],'completion':[{'role':'assistant',"
                    + "'content':'b'}]}"))
        .isEqualTo("user=a; assistant=b");
  }

  @Test
  void readsRenamedColumns() {
    ConversationMapper renamed =
        ConversationMapper.of(
            DatasetFormat.ALPACA, Map.of("instruction", "question", "output", "answer"));
    assertThat(said(renamed, "{'question':'a','answer':'b','instruction':'not this'}"))
        .isEqualTo("user=a; assistant=b");
    assertThat(renamed.map(json("{'question':'a'}")))
        .isEqualTo(new MappedRow.Bad("missing field 'answer'"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "[1] # row is no JSON object",
        "{} # unknown shape (expected instruction + output, conversations, messages, prompt +"
            + " completion, or query + response)",
        "{'text':'a'} # unknown shape (expected instruction + output, conversations, messages,"
            + " prompt + completion, or query + response)",
        "{'instruction':1,'output':'b'} # field 'instruction' is a number (must be text)",
        "{'instruction':'a','output':['b','c']} # field 'output' is a array (must be text)",
        "{'instruction':'','output':'b'} # field 'instruction' is empty",
        "{'instruction':'a','output':'b','history':'x'} # field 'history' is a string (must be a"
            + " list)",
        "{'instruction':'a','output':'b','history':[['x']]} # field 'history' must hold [user,"
            + " assistant] pairs",
        "{'conversations':['a']} # field 'conversations[0]' must have 'from' and 'value'",
        "{'conversations':[{'from':'alien','value':'b'}]} # field 'conversations[0].from' is"
            + " 'alien' (must be human, gpt, assistant, system or tool)",
        "{'messages':[{'content':'b'}]} # field 'messages[0]' has no role",
        "{'messages':[{'role':'user','content':3}]} # field 'messages[0].content' is a number (must"
            + " be text)",
        "{'messages':[{'role':'user','content':[{'type':'image'}]}]} # field 'messages[0].content'"
            + " has a part that is no text",
        "{'conversations':[]} # the conversation is empty",
        "{'messages':[]} # the conversation is empty",
        "{'conversations':[{'from':'gpt','value':'b'}]} # field 'conversations[0]' is the"
            + " assistant's (must follow what a human says)",
        "{'conversations':[{'from':'human','value':'a'},{'from':'system','value':'b'}]} # field"
            + " 'conversations[1]' is the system's (must come first)",
        "{'conversations':[{'from':'human','value':'a'},{'from':'user','value':'b'}]} # field"
            + " 'conversations[1]' is of the same role as the one before it: user (roles must"
            + " alternate)",
        "{'conversations':[{'from':'human','value':'a'},{'from':'function_call','value':'x'}]} #"
            + " field 'conversations[1].value' is no JSON: Unrecognized token 'x': was expecting"
            + " (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        "{'conversations':[{'from':'human','value':'a'},{'from':'function_call','value':'{}'}]} #"
            + " field 'conversations[1].value' must have 'name' and 'arguments'",
        "{'messages':['a']} # field 'messages[0]' is a string (must be an object with role and"
            + " content)",
        "{'messages':[{'role':'assistant','content':'a','weight':0.5}]} # field"
            + " 'messages[0].weight' is 0.5 (must be 0 or 1)",
        "{'messages':[{'role':'assistant','content':'a','train':1}]} # field 'messages[0].train' is"
            + " a number (must be true or false)",
        "{'messages':[{'role':'assistant','tool_calls':'{}'}]} # field 'messages[0].tool_calls' is"
            + " a object (must be a list, or a list as JSON text)",
        "{'messages':[],'tools':'[1'} # field 'tools' is no JSON: Unexpected end-of-input: expected"
            + " close marker for Array (start marker at [Source: (String)\"[1\"; line: 1, column:"
            + " 1])",
        "{'messages':[],'tools':{}} # field 'tools' is a object (must be a list, or a list as JSON"
            + " text)",
        "{'messages':[],'chat_template_kwargs':[]} # field 'chat_template_kwargs' is a array (must"
            + " be an object, or one as JSON text)",
        "{'prompt':'a','completion':{}} # field 'completion' is a object (must be text)"
      })
  void saysWhatIsWrongInARow(String row, String reason) {
    assertThat(mapper.map(json(row))).isEqualTo(new MappedRow.Bad(reason));
  }

  @Test
  void knowsTheNamesOfFormatsMasksAndChoices() {
    assertThat(List.of(DatasetFormat.values()))
        .allSatisfy(format -> assertThat(DatasetFormat.of(format.key())).isEqualTo(format));
    assertThatThrownBy(() -> DatasetFormat.of("alpacca"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid dataset_format: alpacca (must be one of alpaca, sharegpt, messages,"
                + " prompt_completion, query_response)");
    assertThat(LossMask.of("last_turn")).isEqualTo(LossMask.LAST_TURN);
    assertThatThrownBy(() -> LossMask.of("none"))
        .hasMessage(
            "Invalid tokenize.mask: none (must be one of all_turns, last_turn, train_on_prompt)");
    assertThat(Overlong.of("drop")).isEqualTo(Overlong.DROP);
    assertThatThrownBy(() -> Overlong.of("cut"))
        .hasMessage("Invalid tokenize.overlong: cut (must be one of truncate, drop, error)");
    assertThatThrownBy(() -> new SftOptions(0, LossMask.ALL_TURNS, Overlong.DROP))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid tokenize.block_size: 0 (must be > 0)");
  }

  private String said(String row) {
    return said(mapper, row);
  }

  private static String said(ConversationMapper mapper, String row) {
    MappedRow mapped = mapper.map(json(row));
    assertThat(mapped).isInstanceOf(MappedRow.Mapped.class);
    return ((MappedRow.Mapped) mapped)
        .conversation().messages().stream()
            .map((ChatMessage message) -> message.role() + "=" + message.content())
            .collect(Collectors.joining("; "));
  }

  private Conversation map(String row) {
    return ((MappedRow.Mapped) mapper.map(json(row))).conversation();
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  @Test
  void refusesNumbersThatJsonDoesNotHaveInItsOwnFieldsAlone() {
    String chat = "\"messages\": [{\"role\": \"user\", \"content\": \"q\", \"n\": %s}]";
    String tools = ", \"tools\": [{\"type\": \"function\", \"n\": [%s]}]";
    for (String word : List.of("NaN", "Infinity", "-Infinity", "1e999")) {
      String sound = "{" + chat.formatted(1) + ", \"score\": " + word + "}";
      assertThat(mapped(sound)).isInstanceOf(MappedRow.Mapped.class);
      assertThat(mapped("{" + chat.formatted(word) + "}"))
          .isEqualTo(
              new MappedRow.Bad(
                  "field 'messages' holds NaN or Infinity (must be a number that JSON has)"));
      assertThat(mapped("{" + chat.formatted(1) + tools.formatted(word) + "}"))
          .isEqualTo(
              new MappedRow.Bad(
                  "field 'tools' holds NaN or Infinity (must be a number that JSON has)"));
    }
  }

  private static MappedRow mapped(String json) {
    return ConversationMapper.detecting()
        .map(JsonRows.object(json.getBytes(StandardCharsets.UTF_8)));
  }
}
