// The words of the demo's Chinese-English grammar, as tables: what each is in both languages and what it goes with.
// Knows no rules; demo_corpus.cc holds those.
#pragma once
#include <cstdint>
#include <string_view>

namespace stemma::demo {

using Text = std::string_view;

// What a noun is, and so which verbs and adjectives it takes.
enum Kind : uint32_t {
  food = 1,
  drink = 2,
  reading = 4,
  show = 8,
  garment = 16,
  hat = 32,
  car = 64,
  mount = 128,  // what one rides
  animal = 256,
  furniture = 512,
  gadget = 1024,
  tool = 2048,
  opening = 4096,
  person = 8192,
  flower = 16384,
  bike = 32768,
  wares = food | drink | reading | garment | hat | car | bike | furniture | gadget | tool | flower,
  everything = 65535,
};

// Count nouns have a plural; mass nouns have a unit instead ("a cup of tea").
struct Noun {
  Text chinese, one, many, measure;
  uint32_t kind;
  Text unit = "";
};
inline constexpr Noun things[] = {
    {"苹果", "apple", "apples", "个", food},
    {"鸡蛋", "egg", "eggs", "个", food},
    {"香蕉", "banana", "bananas", "根", food},
    {"橙子", "orange", "oranges", "个", food},
    {"米饭", "rice", "", "碗", food, "bowl"},
    {"蛋糕", "cake", "", "块", food, "piece"},
    {"面包", "bread", "", "块", food, "piece"},
    {"茶", "tea", "", "杯", drink, "cup"},
    {"咖啡", "coffee", "", "杯", drink, "cup"},
    {"牛奶", "milk", "", "杯", drink, "cup"},
    {"水", "water", "", "杯", drink, "cup"},
    {"书", "book", "books", "本", reading},
    {"杂志", "magazine", "magazines", "本", reading},
    {"报纸", "newspaper", "newspapers", "份", reading},
    {"信", "letter", "letters", "封", reading},
    {"电影", "movie", "movies", "部", show},
    {"比赛", "game", "games", "场", show},
    {"衬衫", "shirt", "shirts", "件", garment},
    {"大衣", "coat", "coats", "件", garment},
    {"裙子", "skirt", "skirts", "条", garment},
    {"帽子", "hat", "hats", "顶", hat},
    {"汽车", "car", "cars", "辆", car},
    {"自行车", "bicycle", "bicycles", "辆", mount | bike},
    {"马", "horse", "horses", "匹", animal | mount},
    {"猫", "cat", "cats", "只", animal},
    {"狗", "dog", "dogs", "只", animal},
    {"鸟", "bird", "birds", "只", animal},
    {"桌子", "table", "tables", "张", furniture},
    {"椅子", "chair", "chairs", "把", furniture},
    {"手机", "phone", "phones", "部", gadget},
    {"电脑", "computer", "computers", "台", gadget},
    {"雨伞", "umbrella", "umbrellas", "把", tool},
    {"钥匙", "key", "keys", "把", tool},
    {"杯子", "cup", "cups", "个", tool},
    {"花", "flower", "flowers", "朵", flower},
    {"门", "door", "doors", "扇", opening},
    {"窗户", "window", "windows", "扇", opening},
};
inline constexpr Noun people[] = {
    // the first five may be somebody's
    {"学生", "student", "students", "个", person}, {"老师", "teacher", "teachers", "位", person},
    {"医生", "doctor", "doctors", "位", person},   {"朋友", "friend", "friends", "个", person},
    {"孩子", "child", "children", "个", person},   {"女孩", "girl", "girls", "个", person},
    {"男孩", "boy", "boys", "个", person},         {"女人", "woman", "women", "个", person},
    {"司机", "driver", "drivers", "个", person},   {"工程师", "engineer", "engineers", "位", person},
    {"演员", "actor", "actors", "个", person},
};

inline constexpr int related = 5;

enum class Agreement { first, third, plural };  // I am, he is, we are

struct Pronoun {
  Text chinese, subject, object, possessive;
  Agreement agreement;
};
inline constexpr Pronoun pronouns[] = {
    {"我", "I", "me", "my", Agreement::first},
    {"你", "you", "you", "your", Agreement::plural},
    {"他", "he", "him", "his", Agreement::third},
    {"她", "she", "her", "her", Agreement::third},
    {"我们", "we", "us", "our", Agreement::plural},
    {"他们", "they", "them", "their", Agreement::plural},
    {"汤姆", "Tom", "Tom", "Tom's", Agreement::third},
    {"玛丽", "Mary", "Mary", "Mary's", Agreement::third},
    {"小王", "Wang", "Wang", "Wang's", Agreement::third},
};
inline constexpr int true_pronouns = 6;  // the rest are names

struct Verb {
  Text chinese, base, past, participle;
  uint32_t objects = 0;     // kinds; 0: intransitive
  bool state = false;       // no 了, no 没, no progressive
  bool disposable = false;  // takes 把 and 被
};
inline constexpr Verb transitive[] = {
    {"吃", "eat", "ate", "eaten", food, false, true},
    {"喝", "drink", "drank", "drunk", drink, false, true},
    {"看", "read", "read", "read", reading},
    {"看", "watch", "watched", "watched", show},  // one Chinese word, two English ones: the object decides
    {"写", "write", "wrote", "written", reading},
    {"买", "buy", "bought", "bought", wares},
    {"卖", "sell", "sold", "sold", wares, false, true},
    {"找", "look for", "looked for", "looked for", animal | gadget | tool | person},
    {"洗", "wash", "washed", "washed", garment | car | animal, false, true},
    {"画", "draw", "drew", "drawn", animal | flower | person | car | furniture},
    {"用", "use", "used", "used", gadget | tool | furniture},
    {"骑", "ride", "rode", "ridden", mount},
    {"开", "drive", "drove", "driven", car},
    {"帮助", "help", "helped", "helped", person},
    {"等", "wait for", "waited for", "waited for", person},
    {"教", "teach", "taught", "taught", person},
    {"穿", "wear", "wore", "worn", garment},
    {"戴", "wear", "wore", "worn", hat},
    {"打开", "open", "opened", "opened", opening, false, true},
    {"关", "close", "closed", "closed", opening, false, true},
    {"丢", "lose", "lost", "lost", tool | gadget | hat | reading, false, true},
    {"修", "repair", "repaired", "repaired", car | bike | gadget | furniture, false, true},
};
inline constexpr Verb stative[] = {
    {"喜欢", "like", "liked", "liked", everything & ~opening, true},
    {"爱", "love", "loved", "loved", food | drink | show | animal | person | flower, true},
    {"认识", "know", "knew", "known", person, true},
    {"有", "have", "had", "had", wares | animal, true},
};
inline constexpr Verb intransitive[] = {
    {"睡觉", "sleep", "slept", "slept"},  {"跑步", "run", "ran", "run"},           {"工作", "work", "worked", "worked"},
    {"唱歌", "sing", "sang", "sung"},     {"跳舞", "dance", "danced", "danced"},   {"游泳", "swim", "swam", "swum"},
    {"休息", "rest", "rested", "rested"}, {"学习", "study", "studied", "studied"},
};
inline constexpr Verb manner[] = {
    // followed by a degree: 他跑得很快
    {"跑得", "run", "ran", "run", 0, true},
    {"唱得", "sing", "sang", "sung", 0, true},
    {"写得", "write", "wrote", "written", 0, true},
    {"学得", "learn", "learned", "learned", 0, true},
};
inline constexpr Verb go = {"去", "go", "went", "gone"};
inline constexpr Verb be = {"是", "be", "was", "been", person, true};

struct Adjective {
  Text chinese, english, comparative;
  uint32_t kinds;
};
inline constexpr Adjective adjectives[] = {
    {"新", "new", "newer", wares & ~(food | drink)},
    {"旧", "old", "older", wares & ~(food | drink)},
    {"大", "big", "bigger", animal | furniture | hat | opening | car},
    {"小", "small", "smaller", animal | furniture | hat | opening | car},
    {"贵", "expensive", "more expensive", wares},
    {"便宜", "cheap", "cheaper", wares},
    {"有趣", "interesting", "more interesting", reading | show},
    {"漂亮", "beautiful", "more beautiful", garment | hat | flower | animal},
    {"高", "tall", "taller", person},
    {"年轻", "young", "younger", person},
    {"聪明", "clever", "cleverer", person},
};
inline constexpr Adjective colours[] = {
    {"红", "red", "", garment | hat | car | flower | furniture},
    {"黑", "black", "", garment | hat | car | animal | furniture},
    {"白", "white", "", garment | hat | car | animal | flower},
};
inline constexpr Adjective moods[] = {
    // said of people, and changing with the day
    {"忙", "busy", "busier", person},
    {"累", "tired", "more tired", person},
    {"高兴", "happy", "happier", person},
};
inline constexpr Adjective manners[] = {
    {"快", "fast", "faster", 0}, {"慢", "slowly", "more slowly", 0}, {"好", "well", "better", 0}};

struct Word {
  Text chinese, english;
};
inline constexpr Word degrees[] = {{"很", "very"}, {"非常", "extremely"}, {"有点", "a little"}, {"太", "too"}};
inline constexpr Word numbers[] = {{"两", "two"}, {"三", "three"}, {"五", "five"}, {"十", "ten"}};
inline constexpr Word adverbs[] = {{"也", "also"}, {"常常", "often"}, {"总是", "always"}};
inline constexpr Word modals[] = {{"想", "want"}, {"能", "can"}, {"应该", "should"}, {"必须", "must"}};
inline constexpr Word spots[] = {
    {"桌子上", "on the table"}, {"椅子上", "on the chair"}, {"房间里", "in the room"}, {"车里", "in the car"}};

struct Place {
  Text chinese, at, to;
};
inline constexpr Place places[] = {
    {"图书馆", "in the library", "to the library"},
    {"公园", "in the park", "to the park"},
    {"学校", "at school", "to school"},
    {"商店", "in the shop", "to the shop"},
    {"办公室", "in the office", "to the office"},
    {"医院", "in the hospital", "to the hospital"},
    {"车站", "at the station", "to the station"},
    {"咖啡馆", "in the cafe", "to the cafe"},
};

enum class Tense { present, past, future, progressive, perfect };

struct Time {
  Text chinese, english;
  Tense tense;
};
inline constexpr Time times[] = {
    {"昨天", "yesterday", Tense::past},
    {"上个月", "last month", Tense::past},
    {"去年", "last year", Tense::past},
    {"上个星期", "last week", Tense::past},
    {"明天", "tomorrow", Tense::future},
    {"下个月", "next month", Tense::future},
    {"明年", "next year", Tense::future},
    {"现在", "now", Tense::progressive},
    {"每天", "every day", Tense::present},
    {"每个早上", "every morning", Tense::present},
    {"每个周末", "every weekend", Tense::present},
};

// Two clauses become one sentence; `reversed` puts the second Chinese clause first in English.
struct Connective {
  Text before, between, english;
  bool reversed;
};
inline constexpr Connective connectives[] = {
    {"因为", "所以", "because", true},
    {"虽然", "但是", "although", true},
    {"", "但是", "but", false},
    {"", "然后", "and then", false},
};

}  // namespace stemma::demo
