"""Tells which language a message is in, so that nobody is read as bad English.

Scripts decide where they can. Latin script is told apart by everyday words that
English does not share, and needs several of them: a typo, dialect or one borrowed
word must stay English, since the English reader does more for the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

UNKNOWN = "und"
ENGLISH = "en"

_ENGLISH = frozenset(
    """a about after again all also always am an and any are around as asked at away back
    bad be because been before being but by call called came can cant come could couldnt
    day did didnt do does doesnt doing dont door down else even ever every everything for
    found from get gets getting give go goes going gone good got had has hasnt have
    having he hed help her here hers hes him his home house how i id if ill im in into is
    isnt it its ive job just keep keeps kept knew know knows last left like little look
    lot made make makes man many me mean message messages might mine mobile more morning
    most much mum must my myself name need never new next nice night no not nothing now of
    off old on once one only or other our out outside over people phone please police put
    rang really right round said saw say says see seen sent she shes should since so some
    someone something sorry still stop such take talk tell text than thanks that thats the
    their them then there these they theyre thing things think this those though time to
    today told too took tried try turned two until up us use very wait walk want wanted
    wants was wasnt watch way we week well went were weve what when where which while who
    whole why will with without woman wont work would wouldnt year years yes yet you your
    youre u ur r n coz cos cuz nah aye wee nae cannae dinnae summat nowt owt ye wor hiya
    ta lad lass bloke mate innit proper dead gonna gotta wanna""".split()
)
_WORDS = {
    "pl": """nie się jest że na mnie mi do ale jak tak co już mój moja jego ona ono oni
        jestem był była było ja ty czy przez bardzo wszystko ktoś mam ma mieszkam pod za
        dla też tylko kiedy gdzie tym tego mnie nim nią dom dzwoni pisze chodzi proszę
        pomoc boję cały czas dzień się sie jej moim domem pracy stoi ze od""",
    "ro": """nu și este sunt mă îmi pe la cu ce mai dar când unde el ea fost are am din
        pentru că foarte după acasă tot timpul mea meu mie casa ajutor frică vreau mereu
        să si mi ma sta vine sună trimite mesaje lui ei asta acum îl ne vă a fostul""",
    "pt": """não eu ele ela me minha meu para uma um que com está estou muito mas por
        quando onde tem foi são da do na no em todos dias sempre casa ajuda medo ligar
        mensagens isso nao voce você já mais""",
    "es": """no yo él ella me mi para una un que con está estoy muy pero por cuando donde
        tiene fue son de del la el en todos los días siempre casa ayuda miedo llama
        mensajes eso y está esta mis su se lo le tengo hace""",
    "fr": """je il elle me mon ma pour une un que avec est suis très mais par quand où a
        été sont de du la le en tous les jours toujours maison aide peur appelle messages
        cela et pas ne des ce qui dans moi au mes ses chez j'ai c'est qu'il m'a""",
    "it": """non io lui lei mi mio mia per una un che con è sono molto ma da quando dove
        ha stato di del la il in tutti i giorni sempre casa aiuto paura chiama messaggi
        questo e anche più sotto mia mie""",
    "de": """ich er sie mich mir mein meine für eine ein dass mit ist bin sehr aber von
        wenn wo hat war sind der die das und nicht in alle tage immer haus hilfe angst
        ruft nachrichten auch vor jeden tag zu auf wir es dem den kann habe""",
    "nl": """ik hij zij mij mijn voor een dat met is ben heel maar van als waar heeft was
        zijn de het en niet alle dagen altijd huis hulp bang belt berichten ook elke dag
        naar op wij""",
    "tr": """ben o beni bana benim için bir bu ile çok ama ne zaman nerede var yok her
        gün sürekli ev yardim korkuyorum ariyor mesaj değil evimin önünde takip ediyor
        ve sonra kadar gibi eski evin""",
    "lt": """aš jis ji mane man mano už kad su yra esu labai bet kai kur turi buvo ir ne
        kiekvieną dieną visada namų pagalba bijau skambina žinutes prie mano namus jau
        tai nuo""",
    "so": """waa waxaa wuu way aan iyo oo ka ku la aniga isaga iyada maalin kasta gurigayga
        caawimaad waxaan i uu ay ma baqayaa soo marwalba daba joogaa hortiisa ayaa inuu""",
    "cy": """mae fe ef hi fy yn i ac o ar gyda mae'n dw i'n wedi oedd bod fi'n nhw ni
        chi am gan bob dydd tŷ ty ofn help ffonio nos sy sy'n roedd ei dilyn gwaith
        tu allan hefyd fod""",
    "hu": """nem én ő engem nekem az egy hogy van vagyok nagyon de amikor hol minden nap
        mindig ház segítség félek hív és is meg volt már csak""",
    "sq": """unë ai ajo më mua im ime për një që me është jam shumë por kur ku ka ishte
        çdo ditë gjithmonë shtëpi ndihmë frikë dhe nuk në te""",
    "vi": """tôi anh ấy cô không của cho một là và rất nhưng khi ở có đã mỗi ngày luôn
        nhà giúp sợ gọi tin nhắn""",
    "ur": """hai hain mera meri mujhe woh wo mein main aur nahi nahin ka ki ke ko se ho
        raha rahi karta karti tha thi ghar bahar har roz phone peecha bohat bahut kya
        kar darr apni mere liye bhi kuch""",
    "pa": """hai mera meri mainu oh main te nahi da di de nu ton ho reha rehi karda kardi
        si ghar bahar har roz picha bahut ki tusi vich""",
    "bn": """ami amar amake se she tar kore kori ache chilo na ebong o ghor bari protidin
        phone bhoy khub kintu jokhon kothay theke""",
}
# One word of these is as good as two of the others: English has nothing like them.
_LETTERS = {
    "pl": "ąćęłńśźżó",
    "ro": "ășțşţ",
    "pt": "ãõ",
    "es": "ñ¿¡",
    "de": "ßäöü",
    "tr": "ğışİ",
    "lt": "ėįųūčšž",
    "fr": "çèêœùàâî",
    "hu": "őű",
    "sq": "ë",
    "cy": "ŵŷ",
}
_SCRIPTS = (
    ("BENGALI", "bn"),
    ("GURMUKHI", "pa"),
    ("DEVANAGARI", "hi"),
    ("GUJARATI", "gu"),
    ("TAMIL", "ta"),
    ("HANGUL", "ko"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("CJK", "zh"),
    ("ARABIC", "ar"),
    ("CYRILLIC", "ru"),
    ("HEBREW", "he"),
    ("GREEK", "el"),
    ("ETHIOPIC", "ti"),
    ("THAI", "th"),
    ("GEORGIAN", "ka"),
    ("ARMENIAN", "hy"),
)
_PROFILES = {
    code: frozenset(words.split()) - _ENGLISH for code, words in _WORDS.items()
}
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# Fewer foreign words than this say nothing, whatever their share.
LEAST_WORDS = 2
LEAST_SHARE = 0.3


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of the language, `en` in doubt, `und` for no words."""
    words = _TOKEN.findall(text.lower().replace("’", "'"))
    if not words:
        return UNKNOWN
    script = _script_of("".join(words))
    if script is not None:
        return _refined(script, text)
    return _latin(words)


def _script_of(letters: str) -> str | None:
    """Return the language of the script most letters are in; None for Latin."""
    counts = Counter(unicodedata.name(letter, "?").split()[0] for letter in letters)
    (name, count), *_ = counts.most_common(1)
    if count * 2 < len(letters):
        return None
    return next((code for script, code in _SCRIPTS if name.startswith(script)), None)


def _refined(code: str, text: str) -> str:
    """Tell apart the languages that share a script, by letters only one of them has."""
    if code == "ar":
        if set(text) & set("ٹڈڑںےھہ"):
            return "ur"
        return "fa" if set(text) & set("پچژگی") else "ar"
    if code == "ru":
        if set(text.lower()) & set("іїєґ"):
            return "uk"
        return "bg" if "ъ" in text and "ы" not in text and "э" not in text else "ru"
    if code == "zh":
        kana = any("HIRAGANA" in unicodedata.name(c, "") for c in text)
        return "ja" if kana else "zh"
    return code


def _latin(words: list[str]) -> str:
    """Return the language of Latin words, English unless another is plainly heard."""
    english = sum(1 for word in words if word in _ENGLISH)
    scores = {
        code: sum(1 for word in words if word in profile)
        + sum(1 for word in words if set(word) & set(_LETTERS.get(code, "")))
        for code, profile in _PROFILES.items()
    }
    code, score = max(scores.items(), key=lambda pair: pair[1])
    needed = max(LEAST_WORDS, LEAST_SHARE * len(words))
    if score >= needed and score > english:
        return code
    return ENGLISH
