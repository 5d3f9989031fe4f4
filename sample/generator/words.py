"""Names and values of the invented worlds, each in English and Chinese.

A town's name is two syllables and a kind: "Velmo Ford" and, one character a part, "维摩渡".
"""

FIRST = [
    ("Vel", "维"), ("Mor", "莫"), ("Tas", "塔"), ("Kir", "基"), ("Bel", "贝"), ("Dun", "敦"),
    ("Hal", "哈"), ("Lor", "洛"), ("Nim", "尼"), ("Os", "奥"), ("Per", "佩"), ("Quil", "奎"),
    ("Ran", "兰"), ("Sel", "塞"), ("Tor", "托"), ("Ul", "乌"), ("Wen", "温"), ("Yar", "亚"),
    ("Zeb", "泽"), ("Fen", "芬"), ("Gar", "加"), ("Jor", "约"), ("Cal", "卡"), ("Bri", "布"),
]
SECOND = [
    ("a", "阿"), ("de", "德"), ("mo", "摩"), ("ri", "里"), ("sa", "萨"), ("ne", "内"),
    ("lu", "卢"), ("ko", "科"), ("ti", "提"), ("vi", "薇"), ("ba", "巴"), ("go", "戈"),
]
KIND = [("Ford", "渡"), ("Bridge", "桥"), ("Harbour", "港"), ("Hill", "岭"), ("Rock", "岩"), ("Bay", "湾")]

DOMAIN_WORLD = ("the Lantern Isles", "灯笼群岛")
BASE_WORLDS = [
    ("the Ember Coast", "余烬海岸"), ("the Glass Plain", "玻璃平原"), ("the Seven Valleys", "七谷"),
    ("the Mist Hills", "雾丘"), ("the Salt Marches", "盐泽"),
]

VALUES = {
    "animal": [
        ("the heron", "苍鹭"), ("the otter", "水獭"), ("the fox", "狐狸"), ("the owl", "猫头鹰"),
        ("the badger", "獾"), ("the lynx", "猞猁"), ("the raven", "渡鸦"), ("the hare", "野兔"),
        ("the stag", "雄鹿"), ("the wolf", "灰狼"), ("the bear", "棕熊"), ("the falcon", "猎鹰"),
        ("the turtle", "海龟"), ("the seal", "海豹"), ("the goose", "大雁"), ("the swan", "天鹅"),
        ("the hedgehog", "刺猬"), ("the squirrel", "松鼠"), ("the toad", "蟾蜍"), ("the boar", "野猪"),
        ("the goat", "山羊"), ("the panther", "黑豹"), ("the whale", "鲸鱼"), ("the crane", "白鹤"),
    ],
    "colour": [
        ("amber", "琥珀色"), ("crimson", "深红色"), ("teal", "青绿色"), ("ivory", "象牙色"),
        ("violet", "紫色"), ("copper", "铜色"), ("silver", "银色"), ("gold", "金色"),
        ("indigo", "靛蓝色"), ("olive", "橄榄色"), ("coral", "珊瑚色"), ("pearl", "珍珠色"),
        ("scarlet", "猩红色"), ("turquoise", "松石色"), ("lavender", "薰衣草色"), ("charcoal", "炭黑色"),
        ("cream", "奶油色"), ("emerald", "翠绿色"), ("rust", "铁锈色"), ("peach", "桃色"),
        ("sand", "沙色"), ("rose", "玫瑰色"), ("lemon", "柠檬色"), ("azure", "天蓝色"),
    ],
    "dish": [
        ("barley bread", "大麦面包"), ("onion soup", "洋葱汤"), ("honey cake", "蜂蜜糕"), ("fish pie", "鱼肉饼"),
        ("bean stew", "炖豆"), ("pickled beets", "腌甜菜"), ("smoked eel", "熏鳗鱼"), ("roast duck", "烤鸭"),
        ("mussel broth", "贻贝汤"), ("rice dumplings", "米团"), ("walnut tart", "核桃塔"), ("fried squid", "炸鱿鱼"),
        ("cabbage rolls", "白菜卷"), ("pepper noodles", "胡椒面"), ("lentil porridge", "扁豆粥"), ("salted cod", "咸鳕鱼"),
        ("mushroom pancakes", "蘑菇煎饼"), ("baked apples", "烤苹果"), ("crab salad", "蟹肉沙拉"), ("garlic snails", "蒜香蜗牛"),
        ("pumpkin pudding", "南瓜布丁"), ("lamb skewers", "羊肉串"), ("seaweed omelette", "海藻蛋卷"), ("chestnut jam", "栗子酱"),
    ],
    "craft": [
        ("glass bells", "玻璃铃"), ("clay pots", "陶罐"), ("rope nets", "绳网"), ("wool blankets", "羊毛毯"),
        ("paper kites", "纸风筝"), ("iron locks", "铁锁"), ("wooden masks", "木面具"), ("leather boots", "皮靴"),
        ("bone combs", "骨梳"), ("silk ribbons", "丝带"), ("wax candles", "蜡烛"), ("stone bowls", "石碗"),
        ("tin whistles", "锡哨"), ("straw hats", "草帽"), ("brass clocks", "黄铜钟"), ("linen sails", "亚麻帆"),
        ("willow baskets", "柳条筐"), ("oak barrels", "橡木桶"), ("steel needles", "钢针"), ("painted tiles", "彩绘砖"),
        ("shell buttons", "贝壳扣"), ("ink brushes", "毛笔"), ("wagon wheels", "车轮"), ("mirror frames", "镜框"),
    ],
    "tree": [
        ("the pine", "松树"), ("the birch", "桦树"), ("the elm", "榆树"), ("the cedar", "雪松"),
        ("the maple", "枫树"), ("the yew", "紫杉"), ("the ash", "白蜡树"), ("the cherry", "樱桃树"),
        ("the fig", "无花果树"), ("the palm", "棕榈树"), ("the laurel", "月桂树"), ("the poplar", "杨树"),
        ("the hazel", "榛树"), ("the linden", "椴树"), ("the alder", "桤木"), ("the beech", "山毛榉"),
        ("the cypress", "柏树"), ("the ginkgo", "银杏树"), ("the mulberry", "桑树"), ("the pear", "梨树"),
        ("the larch", "落叶松"), ("the rowan", "花楸树"), ("the juniper", "杜松"), ("the magnolia", "木兰树"),
    ],
    "instrument": [
        ("the drum", "大鼓"), ("the flute", "长笛"), ("the harp", "竖琴"), ("the fiddle", "提琴"),
        ("the lute", "鲁特琴"), ("the trumpet", "小号"), ("the bagpipe", "风笛"), ("the gong", "铜锣"),
        ("the zither", "古筝"), ("the organ", "风琴"), ("the oboe", "双簧管"), ("the cymbal", "铙钹"),
        ("the tambourine", "铃鼓"), ("the horn", "号角"), ("the mandolin", "曼陀林"), ("the clarinet", "单簧管"),
        ("the accordion", "手风琴"), ("the triangle", "三角铁"), ("the banjo", "班卓琴"), ("the xylophone", "木琴"),
        ("the cello", "大提琴"), ("the ocarina", "陶笛"), ("the piano", "钢琴"), ("the rattle", "沙锤"),
    ],
}
RELATIONS = list(VALUES)
