"""Recognising what a news page prints around the news: promotion, credits, buttons, bylines, legal lines.

The rules describe how such lines are built (an order to the reader plus one of the publisher's products, a label in
front of a link, a credit with an agency behind a slash), not what particular publishers print. What stands in
quotation marks is somebody's words and is left out of most rules: the news may quote a man who says "subscribe".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from summaries.sentences import sentences
from summaries.text import Span, collapse

_JUDGED = 600
"""Characters of a line that are looked at; nothing that promotes is longer before it says so."""
_TAIL_WORDS = 45
"""A promotion may go on for this many words behind the sentence that gives it away."""


_CAPTION_WORDS = 30
"""A picture's caption and credit together are no longer than this."""


def _any(*patterns: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


# Bullets, arrows and pictograms in front of a line.
_DECORATION = re.compile(r"^[\s\W_]*[^\w\s\"'“”‘’«»„(\[#@©¿¡+$€£-][\s\W_]*(?=\w)|^[\s>*•|–—-]+")
_QUOTED = re.compile(r"“[^”]{0,400}[”]|\"[^\"]{0,400}\"|„[^“”]{0,400}[“”]|«[^»]{0,400}»")

# --- the parts rules are made of -------------------------------------------------------------------------------------

_PLATFORM = (
    r"(?:facebook|twitter|instagram|tik ?tok|you ?tube|whats ?app|telegram|linked ?in|reddit|bluesky|threads|"
    r"mastodon|"
    r"snapchat|signal|discord|viber|flipboard|apple news|google news|pinterest|messenger|twitch|X(?= |$|[,.!/]))"
)
_PLAYER = (
    r"(?:apple podcasts?|itunes|spotify|google podcasts?|amazon music|audible|acast|deezer|stitcher|overcast|"
    r"pocket casts?|podbean|bbc sounds|global player|soundcloud|castbox|podimo|ard audiothek|you ?tube)"
)
_PRODUCT = (
    r"(?:news ?letters?|e-?mail (?:alerts?|briefings?|updates?|bulletins?)|podcasts?|pod|apps?|in-?box|"
    r"(?:push |breaking |news |e-?mail |mobile )?(?:alerts?|notifications?)|episodes?|subscriptions?|subscribers?|"
    r"free trial|"
    r"(?:daily|morning|evening|weekly|weekend) (?:e-?mail|briefing|bulletin|digest|round-?up)|(?:live ?)?blog|"
    r"live stream|"
    r"channel|homepage|website|web site|youtube|"
    r"e-?mail address|account|paywall|membership|print edition|digital edition|e-?paper|mailing list|feed|"
    r"live coverage|"
    r"live updates)"
)

# --- lines that are furniture as a whole ------------------------------------------------------------------------------

_COUNT = r"[\d.,]+ ?[km]?"
_BUTTON = _any(
    r"(?:share|save|print|tweet|like|post|pin it|e-?mail|copy link|copied!?|link copied!?|bookmark|comments?|reply|"
    r"subscribe|sign (?:in|up|out)|log ?in|register|menu|search|close|next|previous|back to top|skip to \w+(?: \w+)?|"
    r"home|loading|play(?: video| audio)?|pause|mute|unmute|listen|watch|advertisement|advert|ad|"
    r"sponsored(?: content)?|"
    r"promoted(?: content)?|paid (?:content|post|partnership)|partner content|related(?: (?:articles?|stories|"
    r"topics?|content|news|"
    r"links?|posts?|reading|coverage))?|more (?:stories|news|from .{1,40}|on this(?: story)?|like this|to read)|"
    r"read (?:more|next|on|also|"
    r"the full (?:story|article))|continue reading|keep reading|see (?:more|also|all)|show (?:more|less|all|"
    r"comments)|view (?:more|all|"
    r"comments|gallery|in gallery)|load more(?: \w+)?|most (?:read|popular|viewed|watched|shared)|trending(?: now)?|"
    r"top stories|"
    r"latest(?: (?:news|stories|headlines|updates))?|recommended(?: for you)?|editor['’]?s['’]? picks?|you (?:may|"
    r"might) (?:also )?like|"
    r"don['’]t miss|popular|topics?|tags?|in this article|key (?:events|points|moments)|live|live (?:updates?|blog|"
    r"reporting)|"
    r"gallery|video|photos?|pictures?|images?|audio|podcast|opinion|analysis|exclusive|breaking(?: news)?|newsletter|"
    r"contact us|"
    r"about us|terms|privacy|cookies|accept(?: all)?|reject all|manage (?:cookies|preferences)|got it|dismiss|expand|"
    r"getty(?: images)?|reuters|afp|ap|epa|pa media|story continues(?: below)?|article continues(?: below)?|"
    r"end of .{2,30}|"
    r"teilen|drucken|merken|anzeige|werbung|mehr|weiterlesen|kommentare?|zur startseite|artikel teilen|meistgelesen|"
    r"partager|imprimer|publicité|lire la suite|commentaires?|commenter|à lire aussi|s['’]abonner|je m['’]abonne|"
    r"sur le même sujet|"
    r"compartir|imprimir|publicidad|leer más|seguir leyendo|comentarios?|suscríbete|lo más (?:leído|visto)|"
    r"te puede interesar|"
    r"udostępnij|drukuj|reklama|czytaj (?:więcej|dalej|też|także)|komentarze|komentarz|zobacz (?:też|także|więcej)|"
    r"поділитися|поширити|реклама|читати (?:далі|більше)|читайте також|коментарі|дивіться також|підписатися)"
    rf"(?: ?\(?{_COUNT}\)?)?(?: ?[:.…»›→>|]+)?",
    r"(?:about the authors?|view author archive|article information|author archive|pinned post|new updates?|"
    r"latest posts?|page not found|"
    r"live now|that['’]s a wrap|reuse this content|what to (?:read|watch) next|next up|also in this section|"
    r"elsewhere on .{2,20}|"
    r"popular in .{2,20}|purchase licensing rights|manage (?:your )?(?:\w+ )?preferences|"
    r"find out how we use your data|donate|"
    r"(?:suggested|related) topics:? .{2,80}|our standards:? .{2,80}|archivado en|zobacz wideo|"
    r"data utworzenia:? .{2,30}|zur person|"
    r"(?:an error occurred|something went wrong)[^!?]{0,60}|(?:senior |chief )?(?:correspondent|reporter|"
    r"editor)s? (?:in|for|at) [^.!?]{2,30}|"
    r"(?:already have|need|manage|start|gift) (?:a |an |your )?subscription\??|(?:play|solve|do|try|"
    r"take) (?:today['’]s|our|the) (?:daily )?"
    r"(?:crossword|quiz|sudoku|puzzle|survey|poll)[.!]?)",
    r"(?:up next|key takeaways|the essentials|at a glance|newsletters?(?: sign-?ups?)?|ad feedback|"
    r"(?:recommended|related|promoted|sponsored|suggested|featured|further|paid|partner|external|internet|useful|"
    r"more|free|daily|"
    r"weekly|latest|other|popular|our)(?: (?:recommended|related|promoted|sponsored|internet|free|daily|weekly|"
    r"latest|external|popular)){0,2}"
    r" (?:stories|links?|reading|content|articles?|topics?|news ?letters?|e-?mails?|posts?|videos?|podcasts?|"
    r"coverage|sites?|"
    r"offers?|deals?|alerts?))",
    r"(?:hide|toggle|show|enlarge|expand|view|close|skip|open|play|mute|zoom|see|download|replay|watch|start|stop|"
    r"pause|display)"
    r"(?: (?:the|this|all|an?|in|to|full|fullscreen|full screen|image|images|\d+|more|main|original|larger|"
    r"interactive)){0,4} "
    r"(?:captions?|images?|photos?|gallery|full ?screen|advert\w*|ads?|video|map|comments?|transcript|slideshow|"
    r"graphic|"
    r"content|navigation|menu|chart|version|player|pdf)",
    rf"(?:(?:{_PLATFORM}|e-?mail|print|copy link|link|share|more|sms|rss)[ ,|/·•]*){{2,}}",
    r"(?:post|add|leave|write|submit|make) (?:a|an|your) (?:comment|reply|review|response)[.!]?",
    r"listen to (?:this|the) (?:article|story|audio|episode|interview|podcast)(?: ?[·•|,(–-] ?.{1,30})?[.!]?",
    r"(?:sponsored|paid for|presented|brought to you|powered|supported|funded|produced) by [^.!?,]{2,40}",
    r"(?:diesen |den )?(?:artikel|beitrag|text) (?:teilen|drucken|merken|anhören|vorlesen|kommentieren)",
    r"(?:article |contenu )?réservé aux abonnés|[^.!?]{2,30} (?:avec|mit|con|with) (?:l['’])?(?:afp|reuters|ap|dpa|"
    r"efe|agences|agencias|agencies)",
    rf"{_COUNT} (?:comments?|shares?|likes?|views?|replies|reactions?|kommentare?|commentaires?|comentarios?|"
    rf"komentarzy|komentarze|"
    r"коментар(?:ів|і)?|переглядів)",
    r"(?:share|save|send|print|e-?mail|tweet|post|copy|bookmark|comment on) (?:this|the (?:article|story|page|link|"
    r"post|video)|on|via|by|with|link)\b"
    r"(?:[^.!?]{0,60})[.!]?",
    r"(?:auf|bei|via|per) (?:facebook|twitter|x|whatsapp|telegram|e-?mail) teilen",
    r"partager sur .{1,30}",
    r"compartir en .{1,30}",
    r"udostępnij na .{1,30}",
    r"(?:\d+|a|one|two|three|four|five|ten)[ -]?min(?:ute)?s?(?: read| listen| watch)",
    r"(?:duration|running time|reading time|lesezeit|lesedauer|dauer|temps de lecture|durée|tiempo de lectura|"
    r"czas czytania|"
    r"час читання)"
    r":? .{1,30}",
    r"(?:story|article|content|text) continues\b[^.!?]{0,40}[.!]?",
    r"\(?(?:opens|opening) in (?:a )?new (?:window|tab)\)?",
    r"(?:previous|next) (?:article|story|post|slide|image|page)(?:: .{1,120})?",
    r"(?:click|tap) to (?:expand|enlarge|play|share|copy|unmute|zoom|view)(?: \w+){0,4}",
    r"(?:image|photo|slide|page|picture) \d+ of \d+",
    r"(?:live|block-time|time) published.{0,40}",
    r"(?:jump|go|back|return) to (?:top|comments|content|latest|the top|the latest|live updates?)(?: \w+){0,3}",
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w[\w.]*|\[e-?mail.protected\]|(?:@|#)\w+(?: (?:@|#)\w+)*",
)

# A label in front of a link or a credit.
_LABEL = _any(
    r"^(?:read|see|watch|listen|learn|find out)(?: also| more| next| now| on| live| again| back| here|"
    r" the full (?:story|report|article|interview))*"
    r"(?: (?:here|about (?:it|this)))? ?(?:[:|»›→>]|[–—-] )",
    r"^(?:also|more|further|related|recommended|background)(?: (?:read|reading|on this|on this story|stor(?:y|ies)|"
    r"articles?|coverage|"
    r"links?|news|topics?|video|from .{1,40}|by .{1,40})){0,3} ?(?:[:|»›→>])",
    r"^(?:live|also read|read also|read next|up next|don['’]t miss|in case you missed it|icymi|must[- ]read|"
    r"must[- ]watch|"
    r"explainer video|top story|in pictures|"
    r"in video|live updates?|live blog|as it happened|from the archives?|editor['’]?s pick|trending|most read|"
    r"more stories|"
    r"you (?:may|might) (?:also )?(?:like|be interested in)|tags?|topics?|filed under|keywords|follow (?:the|"
    r"this) topics?|"
    r"disclaimer|editor['’]?s note|correction|clarification|topics in this (?:story|article)|advertisement|sponsored|"
    r"sign up|subscribe|download|newsletter|podcast|gallery|video) ?(?:[:|»›→>]|[–—] )",
    r"^(?:(?:file |stock |handout |archive |main |cover |lead )?(?:photo|photos|photograph|picture|pictures|pic|"
    r"image|images|credit|credits|"
    r"caption|image source|image credit|image caption|photo credit|picture credit|photo caption|media caption|"
    r"video caption|graphic|illustration|video|"
    r"video credit|footage|source image)(?: (?:by|courtesy|credit|source|caption))?) ?(?:[:|/©]|[–—-] )",
    r"^(?:image source|image caption|media caption|getty images|figure caption)(?:[,:]|$)",
    r"^(?:(?:executive|senior|series|assistant|studio) )?(?:producers?|presenters?|presented by|hosted by|"
    r"sound (?:design|engineer|mix)\w*|theme music|music by|mixed by|video (?:producer|editor|journalist)s?) ?(?::|"
    r"[–—] )",
    r"^credit ?(?:\.\.\.|…)",
    r"^(?:lesen sie (?:auch|mehr|hier|dazu|weiter)|lies auch|mehr (?:zum thema|dazu|lesen|zu diesem thema)|"
    r"siehe auch|auch interessant|"
    r"passend dazu|zum thema|bild(?:quelle|nachweis|unterschrift|rechte)?|foto|quelle|video|im video|hören sie|"
    r"sehen sie (?:auch|hier)|hinweis der redaktion|"
    r"anzeige|empfehlung der redaktion|das könnte (?:sie|dich) auch interessieren) ?(?:[:|»›→>©/]|$|[–—] )",
    r"^(?:lesen sie (?:auch|mehr|hier|dazu|weiter)|mehr zum thema|das könnte (?:sie|dich) (?:auch )?interessieren)\b",
    r"^(?:(?:à )?(?:lire|voir|écouter|relire|regarder)(?: (?:aussi|également|plus|plus tard|la suite|notre \w+|"
    r"en plus))?|"
    r"sur le même (?:sujet|thème)|crédits?(?: photo)?|photo|légende|vidéo|publicité|pour aller plus loin|"
    r"notre sélection) ?(?:[:|»›→>©/]|$)",
    r"^(?:(?:lee|leer|ver|mira|vea|escucha|lea)(?: (?:también|además|más|aquí))?|te puede interesar|"
    r"le puede interesar|más información|"
    r"noticias? relacionadas?|foto|fotografía|imagen|vídeo|video|crédito|fuente|publicidad|en vídeo|"
    r"no te pierdas) ?(?:[:|»›→>©/]|$)",
    r"^(?:(?:czytaj|przeczytaj|zobacz|posłuchaj|obejrzyj|sprawdź)(?: (?:też|także|również|więcej|dalej|koniecznie))?|"
    r"fot(?:o|ografia)?|"
    r"zdjęcie|źródło|wideo|polecamy|reklama|materiał (?:promocyjny|partnera)|"
    r"dalsza część artykułu pod materiałem wideo|powiązane) ?"
    r"(?:[:|»›→>©/.]|$)",
    r"^(?:(?:читайте|читай|дивіться|дивись|слухайте)(?: (?:також|ще|більше|далі|нас))*|фото|джерело|відео|реклама|"
    r"за темою|"
    r"більше новин|нагадаємо також|матеріали за темою) ?(?:[:|»›→>©/]|$)",
)

_CREDIT = _any(
    r"(?:photo|photograph|photography|picture|pictures|image|images|video|illustration|graphic|graphics|"
    r"footage)s? (?:by|courtesy(?: of)?|from|supplied by|provided by|credit) "
    r"[^.]{1,60}\.?$",
    r"(?:/|via |©|\(c\)|\| ?|, ?|: ?)\s*(?:getty(?: images)?|shutterstock|istock|alamy|reuters|afp|ap(?: photo)?|"
    r"epa(?:-efe)?|efe|dpa|imago|pa(?: media| wire)?|"
    r"anadolu(?: agency)?|bloomberg|zuma|sipa|picture[ -]alliance|ukrinform|pap|tass|xinhua|keystone|"
    r"afp via getty images)(?: images| photos?| media| wire)?"
    r"(?: ?[/,|©] ?[\w .-]{0,40})*[\])]?\.?$",
    r"\((?:ap|reuters|afp|epa|getty|pool|file)(?: images| photo)?/[^)]{2,60}\)",
    r"[\[(](?:photo|picture|image|credit|file|ap photo|reuters|getty images|afp|video|source|foto|bild|fot\.|"
    r"фото)[^\])]{0,120}[\])]\.?$",
    r"^(?:getty images|shutterstock|reuters|alamy|afp|imago|epa|dpa)(?: ?[/|,] ?[\w .-]{2,40})+$",
    r"^(?:file|stock|handout|archive|undated) (?:photo|image|picture|footage)\b",
    r"^[^.!?]{0,60}/ ?(?:getty images|reuters|afp|ap|epa|dpa|imago|pap|efe|picture alliance|ukrinform)$",
)

_CAPTIONED = _any(
    r"^(?:(?:file |handout )?(?:photo|photograph|picture|pic|image|credit|composite|illustration|foto|bild|fot|"
    r"photo credit|image credit|фото|"
    r"fotografía|imagen|crédit photo))s?\.? ?(?:[:©/|]|by )",
    r"^[\[(][^\])]{2,60}[\])]$",
    r"^(?:\w+ ){0,2}\w+ ?/ ?(?:getty(?: images)?|reuters|afp|ap|epa|dpa|imago|pap|efe)\W*$",
)
# An agency alone; it may stand behind a short report as well as behind a caption.
_AGENCY = _any(
    r"^(?:via )?(?:getty(?: images)?|reuters|afp|ap|epa(?:-efe)?|alamy|shutterstock|anadolu|ap photo|pa(?: media)?|"
    r"handout|mod|crown copyright)(?: ?[/|] ?(?:\w+[ .-]*){1,4}|/file)?\W*$",
    r"^(?:©|\(c\)) ?[^.!?]{2,60}$",
)
# "Ann Author/The Daily Paper": who took the picture and for whom.
_SIGNED = re.compile(
    r"^[A-ZÀ-Þ][\w'’.-]+(?: [A-ZÀ-Þ][\w'’.-]*){0,3}(?: ?/ ?(?:\w+ (?:via|for) )?| (?:via|"
    r"for) )(?:[Tt]he )?[A-ZÀ-Þ][\w'’.-]+"
    r"(?: [A-ZÀ-Þ][\w'’.-]*){0,4}$"
)
_PAST = re.compile(
    r"\b(?:was|were|had|would|will|has|have|told|did|sa(?:id|ys)|\w{3,}ed|met|went|came|left|took|began|held|ont|"
    r"wurden?|waren?|hat|haben|trafen)\b",
    re.IGNORECASE,
)
"""What a report says and a caption rarely does."""

_LEGAL = _any(
    r"\ball rights reserved\b|\balle rechte vorbehalten\b|\btous droits réservés\b|\btodos los derechos reservados\b|"
    r"\bwszelkie prawa zastrzeżone\b|\b(?:всі|усі) права захищен[оі]\b",
    r"^\W*(?:©|\(c\) ?\d{4}|copyright ?(?:©|\(c\)|\d{4}|notice))",
    r"©\s?(?:copyright )?\d{4}",
    r"\bmay not be (?:reproduced|published|republished|redistributed|copied|rewritten)\b",
    r"^(?:we|this (?:site|website|page|content)|our (?:site|website|partners))\b.{0,80}\bcookies?\b",
    r"^by (?:using|continuing|signing|subscribing|registering|clicking|entering|submitting|providing|logging|"
    r"creating)\b.{0,120}\byou\b",
    r"\b(?:accept|allow|enable|manage|reject|agree to|consent to) (?:all |our |the |your |use of )*cookies?\b(?! law|"
    r" banner)",
    r"^(?:wir|diese (?:seite|website)|um diesen inhalt)\b.{0,80}\bcookies?\b|^(?:nous|ce site|en (?:poursuivant|"
    r"cliquant))\b.{0,80}\bcookies?\b|"
    r"^(?:utilizamos|usamos|este sitio|al (?:continuar|navegar))\b.{0,80}\bcookies?\b|^(?:używamy|ta strona|"
    r"ten serwis)\b.{0,80}\bcookies?\b|"
    r"^(?:ми використовуємо|цей сайт|наш сайт)\b.{0,80}\b(?:cookies?|куки|файл)",
    r"^(?:terms (?:of (?:use|service)|and conditions)|privacy (?:policy|notice|statement)|cookie (?:policy|settings|"
    r"notice|preferences)|"
    r"impressum|datenschutz\w*|mentions légales|aviso legal|polityka prywatności)\b(?:.{0,120}(?:apply|applies|here|"
    r"policy|gelten))?.{0,30}$",
    r"\b(?:protected by recaptcha|terms and conditions apply|t&cs apply|18\+ only|enable javascript|"
    r"turn on javascript|"
    r"javascript (?:is )?(?:disabled|required)|disable your ad ?-?blocker|ad-?blocker|browser (?:does not|doesn['’]t|"
    r"is not|isn['’]t) support)\b",
    r"\b(?:affiliate (?:links?|commission)|earn (?:a |an )?(?:small )?(?:affiliate )?commission)\b",
    r"\b(?:paid for|sponsored|presented|brought to you|produced in (?:association|partnership)) (?:by|"
    r"with) (?:our )?(?:sponsors?|partners?|advertisers?)\b",
    r"^(?:this (?:content|video|item|post|embed) (?:is|was) (?:provided|supplied|hosted|not available|unavailable|"
    r"blocked)|to (?:view|show|see|play|display) this (?:content|video|post|embed))\b",
    r"^(?:this|the following) (?:article|story|report|piece|column|interview|post|item|material|text|content|essay|"
    r"page|version)"
    r"(?: \w+)? (?:was|is|has been|first|originally|also|will be|may|contains|appeared)\b"
    r".{0,60}\b(?:published|appeared|posted|syndicated|republished|updated|amended|corrected|translated|produced|"
    r"edited|generated|licen[sc]ed|printed|"
    r"sponsored|affiliate|corrections?|reproduced|provided|adapted)\b",
    r"^(?:this|it) is a (?:breaking|developing)(?: news)? (?:story|event|situation)\b|"
    r"^(?:breaking(?: news)?[.:!]? )?more (?:to )?follows?\b[.…]*$|"
    r"\bcheck back (?:for|soon|later|here)\b|^more (?:details|updates|information) (?:to follow|soon|as we get)|"
    r"^(?:refresh|reload) (?:this|the) page\b|\bwill be updated (?:as|when|with|shortly|soon)\b",
    r"^(?:re-?published|reproduced|reprinted|adapted|excerpted|translated|syndicated) (?:with|from|by|under|"
    r"here)\b.{0,80}$",
    r"\b(?:writers?|reporters?|correspondents?|journalists?|staff|newsroom|"
    r"bureau)\b.{0,120}\bcontributed(?: to (?:this|the) \w+)?\W*$",
    r"\bcontent (?:is |was )?(?:provided|supplied|hosted) by\b|\bnot responsible for (?:the )?content\b|"
    r"^(?:please |to .{3,60} )?(?:use|switch to|upgrade|update) (?:a |an |your |to |the )*(?:modern |newer |"
    r"different |latest )?(?:chrome|safari|firefox|edge|browser)\b|"
    r"^(?:this|the|sorry,? this) (?:video|audio|content|clip|media) (?:can ?not|can['’]t|could not|is (?:not|"
    r"no longer|un)|has (?:been|expired))",
    r"^[^.!?]{3,60} is (?:a|an|the|our) .{0,80}\b(?:correspondent|editor|reporter|columnist|journalist|writer|"
    r"contributor|fellow)\b"
    r".{0,60}\b(?:covering|who covers|who writes|who reports|writes about|specialis\w+|specializ\w+|based in|"
    r"focus\w+ on|covers)\b",
    r"^(?:originally|first) (?:published|appeared|posted)\b|\b(?:story|article|piece) (?:first|"
    r"originally) appeared (?:in|on)\b|^the post .{3,150} appeared first on\b",
    r"^(?:dieser (?:artikel|text|beitrag)|der (?:artikel|beitrag|text)) (?:ist|erschien|wurde|"
    r"stammt)\b.{0,60}\b(?:erschienen|veröffentlicht|zuerst|aktualisiert|übersetzt|original\w*)\b",
    r"^cet article (?:a été|est)\b.{0,40}\b(?:publié|paru|mis à jour|traduit|réservé)|^este artículo (?:fue|ha sido|"
    r"se)\b.{0,40}\b(?:publicad|publicó|actualizad|traducid)\w*",
    r"^(?:ten )?(?:artykuł|tekst) (?:został|pochodzi|ukazał|powstał|pierwotnie)\b|^ця стаття (?:була|вперше|"
    r"доступна)\b|^(?:стаття|матеріал) (?:вперше )?опублікован",
    r"^(?:\(?(?:additional |further )?(?:reporting|writing|editing|compiled|translated|edited|written|produced|"
    r"proofread|fact-?check\w*)(?: and \w+)? by\b)",
    r"\b(?:contributed|contributing) (?:to )?(?:this|reporting|the) ?(?:report|story|article|reporting)?\.?\)?$",
    r"^with (?:reporting|files|inputs?|additional reporting|agencies|material)\b.{0,60}$",
    r"^(?:mit material|quelle:|avec (?:l['’])?(?:afp|reuters|agences)|con información de|źródło:|"
    r"за матеріалами)\b.{0,60}$",
    r"\b(?:spotted|noticed|report|found) (?:an? |any )?(?:error|mistake|typo|inaccurac\w+)\b.{0,60}\b(?:us|let|"
    r"e-?mail|here|contact|form)\b|^(?:corrections?|feedback|complaints?)[:?]",
)

# An order to the reader; a product or the publisher's own "our" must follow.
_IMPERATIVE = (
    # What may stand before the order; repeated a fixed number of times, or a list of clauses takes exponential time.
    r"(?:(?:please|just|simply|now|and|or|so|then|to|you can(?: also| now)?|why not|make sure (?:to|you)|be sure to|"
    r"remember to|don['’]t forget to|want to|if you .{0,80},|for (?:more|the latest|all|daily|breaking|exclusive|"
    r"further|"
    r"in-depth|live|full|up-to-date)\b.{0,80},?|to .{3,80},) ){0,2}"
    r"(?:sign(?:ing)? up|subscribe|register|download|get|join|follow|tap|press|scan|swipe|listen(?: now| back|"
    r" again)?|"
    r"tune in|donate|become|send|e-?mail|tell|let|check out|catch(?: up)?|stay|keep up|don['’]t miss|never miss|"
    r"receive|"
    r"try|start|enjoy|unlock|create|log in|sign in|enter|discover|explore|find|turn on|switch on|activate|install|add|"
    r"head|read|see|browse|give|buy|take|upgrade|access|hear|submit|ask|choose|select|manage|update|open|go|"
    r"be the first|"
    r"leave|learn|meet|bookmark|set|pick|make|renew|look|click|watch|keep|"
    # These are nouns as well: "Support for the app", "Share prices".
    r"(?:support|share|like|call|text|message|contact|check|view|visit|gift|order|save|vote|use|comment|report|have|"
    r"help|"
    r"fund|back|claim|search)(?= (?:us|our|the|this|your|it|now|out|in|on|with|to|by|all|more|back|via|any|"
    r"a)\b))(?![\w-])"
)
_CALL = _any(
    # An order plus a product.
    rf"^{_IMPERATIVE}\b.{{0,120}}\b{_PRODUCT}\b",
    # An order plus a social network or a player: "Find us on Facebook", "Listen on Spotify".
    rf"^{_IMPERATIVE}\b.{{0,80}}\b(?:on|via|in|to|through|at|from) (?:our |the )?(?:\w+ ){{0,2}}(?:{_PLATFORM}|"
    rf"{_PLAYER})",
    # Orders no reporter gives.
    r"^(?:please )?(?:subscribe|sign up|register|log in|sign in)(?: (?:now|today|here|for|to|and|below|free|with|by|"
    r"or|at|via|using|from|in|up)\b|[!.:…]?$)",
    r"^(?:follow|like|find|join|contact|e-?mail|text|message|call|whats ?app|tweet|write to|watch|visit|"
    r"reach) us\b(?! or | and (?!share|subscribe|join))",
    r"^enter your (?:e-?mail|name|postcode|zip)\b|^upgrade to\b.{0,60}\b(?:read|access|unlock|premium|continue)\b|"
    r"^donate (?:today|now|here|to (?:us|our|keep|support))\b|"
    r"^(?:limited[- ]time|special|introductory|exclusive|black friday|subscriber) offer\b",
    r"^(?:watch|see|view|listen to|hear|play|find) (?:\w+ ){0,6}(?:above|below)\W*$",
    r"^(?:join|listen|tune in|watch|catch|get|hear|sign up|subscribe|follow|receive)\b.{0,80}\b(?:every|"
    r"each) (?:day|week|weekday|morning|evening|month|(?:mon|tues|wednes|thurs|"
    r"fri|satur|sun)day)\b(?! until| since| for)",
    r"^support us(?: (?:from|today|now|by (?:subscrib|donat|becom|shar)|for (?:just|only|as)|here|on|via)\b|[!.…]*$)",
    r"^add .{2,40} (?:as (?:a|your) preferred|to your) (?:source|home ?screen|feed|favou?rites)",
    r"^your (?:support|feedback|subscription|donation|contribution|membership|opinion|privacy|choices|generosity|"
    r"readership)\b",
    r"^(?:we|the \w+|[\w ]{2,25}) (?:need|values?|rely on|relies on|depends? on|respects?|want|would love|welcomes?|"
    r"takes?|appreciates?) your\b",
    r"\bwe need your (?:help|support)\b|^before you go\b|^(?:how (?:relevant|helpful|useful|likely)|was this|"
    r"did you find this|rate this|is this)\b.{0,60}\b(?:ad|article|"
    r"story|page|you|helpful|useful|information)\b.{0,30}\?$",
    r"^(?:follow|find) (?:@\w+|.{2,60} (?:on|@) ?@?\w*(?:" + _PLATFORM + r"))",
    r"^(?:click|tap|press|swipe|scroll|scan)\b(?: \w+){0,6}? (?:here|below|above|the (?:link|button|banner|icon|"
    r"image|headline|bell|qr)|this (?:link|button)|"
    r"this qr|on the (?:link|button|image|icon))",
    r"^(?:scroll|swipe) (?:down|up|left|right|through)\b",
    r"^(?:get|receive|have|enjoy|keep up with|stay (?:up to date|informed|ahead|connected|on top|in the know|tuned|"
    r"updated|across)|catch up (?:on|with)|be (?:the )?first|keep up to date|"
    r"never miss|don['’]t miss(?: out)?|make sense)\b.{0,60}\b(?:latest|updates?|headlines|stories|news|story|"
    r"coverage|analysis|briefing|every (?:day|morning|week|weekday)|"
    r"in your|to your|our|scoop|beat|day['’]s)\b",
    r"^(?:stay tuned|stay informed|stay up to date|stay connected|stay in the know|thank(?:s| you) for (?:reading|"
    r"watching|listening|subscribing|your support|joining|following|visiting|registering|signing|supporting))\b",
    r"^(?:support|help (?:us|fund|support|sustain|keep)|fund|back|protect|defend)\b.{0,60}\b(?:journalism|newsroom|"
    r"reporting|our (?:work|mission)|(?:independent|free) (?:media|press))\b",
    r"^(?:become|be) (?:a|an|our) .{0,30}\b(?:member|subscriber|supporter|patron|insider|contributor)\b(?: (?:today|"
    r"now|and|to|for (?:just|only|as|free)|from)\b|[!.]?$)",
    r"^(?:have your say|join the (?:conversation|debate|discussion|community)|let us know|tell us|send us|"
    r"share your (?:thoughts|views?|stor(?:y|ies)|experiences?|opinions?|comments?)|"
    r"get in touch|leave (?:a|your) comments?|add your (?:comment|voice)|what do you think|comment below|"
    r"take our (?:quiz|survey|poll)|take part in our|vote in our|start the day with)\b",
    r"^(?:check out|explore|discover|browse|visit|see|read|find|view|more|here (?:are|is)|catch up on) (?:(?:all|"
    r"more|the rest) (?:of )?)?(?:our|more (?:of|from|on|about|stories|news|analysis|articles|coverage)|"
    r"all (?:the latest|our|of our))\b",
    r"^(?:read|see|watch|hear|listen to|view|find|get) (?:(?:the|this|her|his|their|our|an?|its) )?(?:(?:full|latest|"
    r"original|complete|entire|whole|extended|rest|new|first) )+(?:\w+ )?"
    r"(?:stor(?:y|ies)|article|interview|report|episode|investigation|analysis|list|text|transcript|conversation|"
    r"video|speech|statement|coverage|live ?blog|of the (?:stor\w+|article|interview|report))(?: (?:here|below|now|"
    r"on|in|at|via|from)\b|[.:!…]*$)",
    r"^(?:read|find out|learn|see|watch|hear|discover|listen)(?: \w+){0,2} (?:more|here|below)\b(?: (?:about|on|from|"
    r"here|below|in|at|of|by|:)\b.{0,120})?[.:!…]*$",
    r"^(?:start|try|begin|claim|activate|unlock|get|enjoy)\b.{0,50}\b(?:free trial|trial|full access|"
    r"unlimited (?:digital )?access|for (?:just|only) [£$€]|% off|premium|ad-free|\d+ (?:weeks?|months?) (?:for|"
    r"free))",
    r"^(?:download|install|get) (?:the|our)\b.{0,40}\bapp\b",
    r"^to (?:read|continue|view|access|see|get|receive|hear|unlock|comment|subscribe|join|"
    r"leave)\b.{0,100}\b(?:subscribe|sign (?:in|up)|log ?in|register|click|tap|subscription|subscriber|"
    r"create an account|visit|please)\b",
    r"^(?:already|not) (?:a|yet a|an) (?:subscriber|member|registered)|^(?:already )?have an account\b|^create (?:a |"
    r"an |your )(?:free )?account\b|^forgot(?:ten)? (?:your )?password",
    r"^(?:this|the) (?:article|story|content|feature|page) is (?:for|available|free|reserved|exclusive|only|"
    r"locked)\b.{0,60}\b(?:subscribers?|members?|premium|registered)",
    r"^you(?:['’]ve| have) (?:\d+|one|two|three|reached|read|used)\b.{0,60}\b(?:articles?|limit|free|stories)\b|"
    r"^\d+ (?:free )?articles? (?:left|remaining)",
)

# Things no reporter writes outside quotation marks.
_PROMISE = _any(
    r"^[^.!?,]{2,60} (?:is|are) our\b|\bin (?:this|last|next|our) (?:week['’]s|month['’]s|latest|new) (?:podcast|"
    r"newsletter|edition|issue|show|programme)\b",
    r"\b(?:join\w*|hosts?|presenters?|unpicks?|unpacks?|breaks? down|digs? into|dissects?|discuss(?:es)?|"
    r"talks? through|make sense of|explains?|take apart|"
    r"round\w* up|analyses?|brings? you|delves? into|explores?)\b.{0,60}\b(?:the|this) week['’]s (?:biggest |top |"
    r"main |political |most |important |key |best ){0,3}"
    r"(?:stor(?:y|ies)|politics|news|headlines|events|issues|decisions|talking points|developments|drama)\b",
    r"\b(?:our|my) (?:(?:new|free|own|daily|weekly|morning|evening|award-winning|latest|dedicated|brand new|"
    r"twice-weekly|weekday|popular|flagship|"
    r"official|mobile|sister|full|regular|exclusive|live|dedicated|politics|political|world|news|europe|global|"
    r"defen[cs]e|foreign|business|special|"
    r"fortnightly|monthly|must-read|[A-Z]\w+) ){0,5}"
    r"(?:news ?letters?|podcasts?|apps?|live ?blog|live coverage|live page|channels?|episodes?|bulletins?|e-?mails?|"
    r"(?:e-?mail |news )alerts?|website|web site|homepage|mailing list|"
    r"subscribers|readers|journalism|newsroom|reporters|correspondents?|experts|editors|journalists|coverage|"
    r"reporting|community guidelines|"
    r"comments? (?:section|policy)|supporters|youtube|facebook|instagram|telegram|whatsapp|twitter|tiktok|shop|"
    r"store|events?|tickets?|"
    r"e-?paper|privacy policy|terms|"
    r"best stories|(?:commenting )?rules|commenting rules|pick of the|stories|standards|data policy|top stories|"
    r"other stories|most read|daily briefing|briefing|morning briefing|interactive|quiz|"
    r"archive|series|explainer|full (?:story|report|interview|analysis|article)|political experts|"
    r"political (?:team|editor)|video|(?:\w+ ){0,2}page)\b",
    r"\bwherever you (?:get|find|listen to|download) (?:your )?(?:podcasts?|audio|them|it)?\b",
    r"\b(?:in|into|to) your (?:e-?mail |mail )?(?:in-?box|e-?mail|feed|phone)\b|\byour inbox\b",
    r"\b(?:this week['’]s|the latest|today['’]s|the full|our latest|next week['’]s|new|a new|bonus|previous|in every|"
    r"in each|each|every|this|last week['’]s) episodes?\b.{0,60}\b(?:listen|podcast|available|download|out|drops?|"
    r"released|airs?|here|below|now|subscribe|host\w*|explore\w*|discuss\w*|looks?)\b",
    r"\bin (?:every|each|this|this week['’]s|the latest) episode(?:[….!]*$| of (?:the|our)\b)",
    r"^have you (?:heard|listened|tried|checked|read|seen|subscribed|signed|downloaded|joined|got (?:a|an|"
    r"any) (?:story|question|tip|view)|been affected|experienced)\b",
    r"^(?:are|were) you (?:affected|a subscriber|in (?:the area|\w+)|following|enjoying|looking|interested|a (?:fan|"
    r"regular|member)|signed|worried|tired)\b.{0,120}\?",
    r"^(?:do you|did you|have you|got|want|wanna|need|looking for|interested in|enjoy(?:ed|ing)?|like(?:d)?|love|"
    r"loving|missed|curious|worried|confused|struggling|hungry for|can['’]t get enough|short on time|in a (?:hurry|"
    r"rush)|"
    r"on the go|tired of|ready for|feeling) (?=.{0,120}(?:\b(?:you|your|our|us|article|story|stories|news|briefing|"
    r"expert|tip|podcast|newsletter|listening|reading|more|question|politics|analysis|headlines|"
    r"latest)\b)).{0,140}\?",
    r"\bif you (?:enjoy|enjoyed|like|liked|love|value|found|have been affected|have (?:a|any|more) (?:story|tip|"
    r"question|information|comment|news)|want (?:more|to (?:get|read|hear|receive|support|contact|join|subscribe))|"
    r"would like (?:to (?:get|receive|support|contact|subscribe|comment|join|hear)|more)|appreciate|believe in|"
    r"prefer to listen|can't see|cannot see|are (?:reading|viewing|not)|no longer wish)\b.{0,140}",
    r"\b(?:you can|you'll|you will|you may|you might) (?:also |now |still |always |even )?(?:listen|subscribe|"
    r"sign up|follow|unsubscribe|opt out|read (?:more|the full|our|it|all|the rest|his|her|their)|watch (?:it|the|"
    r"our|live|more|us|all)|download|find (?:us|more|all|our|it)|contact|"
    r"get in touch|e-?mail|hear (?:more|the|it|our|us)|join us|catch|get (?:it|the latest|our|all)|"
    r"cancel (?:at )?any ?time|change your|receive)\b",
    r"\bunsubscribe\b.{0,40}\b(?:any ?time|here|below|click)\b|\bcancel any ?time\b|\bno credit card\b|"
    r"\bspam[- ]free\b|\bwe will never (?:share|sell|spam)\b",
    r"^(?:this|that|our|today['’]s|here['’]s) (?:week['’]s |daily |weekly |free )?(?:newsletter|podcast|episode|"
    r"live ?blog|live page|live coverage|live stream|quiz|crossword|comments? (?:section|thread)?) ?(?:is|has|was|"
    r"will|drops|lands|comes|goes|are|ends|closes|now)\b",
    r"\b(?:comments|this (?:blog|thread|discussion|live ?blog|live page)|commenting) (?:are|is|has|have) (?:now |"
    r"been |currently )?(?:closed|open|disabled|moderated|pre-moderated|turned off|over|ended|finished|paused)\b",
    r"^(?:that['’]s|that is|this is) (?:it|all|where)\b.{0,40}\b(?:from (?:me|us)|for (?:today|now|tonight|this|our)|"
    r"we (?:are|leave))\b",
    r"^(?:we['’]re|we are|we['’]ll|we will|i['’]m|i['’]ll)\b.{0,60}\b(?:wrapping|pausing|closing|ending|"
    r"bring(?:ing)? you|live (?:blog|coverage|page|updates)|coverage|handing over|signing off|back (?:tomorrow|soon|"
    r"again)|going to leave)\b",
    r"^(?:hello|good (?:morning|afternoon|evening)|hi|welcome)\b.{0,40}\b(?:welcome|to (?:our|the|my|this)|everyone|"
    r"readers|and|back)\b",
    r"^(?:here['’]s|here is|here are|below (?:is|are)) (?:what (?:you|we|to|i)|everything|how (?:to|you|we)|our|"
    r"all (?:the|you|our)|a (?:recap|summary|round-?up|"
    r"quick|look)|the (?:latest|key|main|top|day))\b.{0,100}[:.]$",
    r"\b(?:lands|delivered|drops|arrives|comes out|sent|straight|direct(?:ly)?|right) (?:straight |direct(?:ly)? |"
    r"right )?(?:in|into|to|on) (?:your|you)\b",
    rf"\bavailable (?:now |to (?:download|stream|listen) |free |for free |exclusively )*(?:on|from|via|at|"
    rf"in) (?:the |all |your |major |our )*(?:{_PLAYER}|podcast|app stores?|google play|app store|ios|android|"
    rf"good bookshops|newsstands)",
    r"\b(?:app store|google play|play store)\b.{0,60}$(?<=[.!])(?!.*\b(?:said|according)\b)",
    r"\bpodcast\b.{0,80}\b(?:subscribe|listen (?:here|now|on|below|to)|download|new episodes?|every (?:week|weekday|"
    r"day|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning|evening)|hosted by)\b",
    r"\b(?:newsletter|podcast)s? (?:here|now|today|below)\b|\bnewsletter\b.{0,60}\b(?:sign up|subscribe|free|"
    r"every (?:week|weekday|day|morning|friday|monday|sunday))\b",
    r"\b(?:sign up|subscribe|register|find out more|read more|listen|watch|donate|click|tap|details|"
    r"more) (?:\w+ ){0,3}here[.!…»>]*$",
    r"\bnew episodes?\b.{0,40}\b(?:every|each|weekly|daily|out|on (?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b",
    r"\b(?:paywall|free trial|introductory offer|special offer|limited[- ]time offer|"
    r"gift subscription)\b.{0,80}\b(?:now|today|subscribe|[£$€]\d|start|ends|here)\b",
    r"\bfrom (?:just|only|as little as) [£$€] ?\d|\bfor (?:just|only|as little as) [£$€] ?\d\S* (?:a|per) (?:week|"
    r"month|year)\b",
    r"\b(?:follow|find|contact|reach|e-?mail) (?:(?:the )?(?:author|reporter|writer|her|him|them|me|us)\b|"
    r"[A-Z]\w+ [A-Z]\w+ (?:on|at) @?).{0,40}\b(?:on|at|via|@)\b.{0,40}$(?<!said)",
    r"\bis (?:a|an|the|our) .{2,60}\b(?:correspondent|editor|reporter|columnist|journalist|staff writer|contributor|"
    r"fellow|producer)\b.{0,40}\b(?:for|at|of|based|covering|who (?:covers|writes))\b.{0,40}\bfollow\b",
    r"^(?:with|from)\b.{2,120}\b(?:our (?:political |expert )?(?:experts|team|correspondents|editors|journalists|"
    r"reporters|hosts))\b",
    r"^we (?:rely|depend|count) (?:\w+ )?(?:on|upon) (?:the )?(?:(?:generous )?(?:generosity|support|"
    r"help) of )?(?:our |"
    r"you,? (?:our |the )?|your )?(?:readers?|supporters|donations|contributions|people like you|listeners|members|"
    r"viewers|"
    r"subscribers|support)\b|\b(?:people|readers) like you\b|\bwithout (?:you|your (?:support|help))\W*$",
    r"\bplease consider\b|^consider (?:making an?|donating|subscribing|supporting (?:us|our)|becoming an?|joining us|"
    r"buying us a)\b|\byou (?:can|could|might) (?:also )?(?:support|back|fund) (?:us|our (?:work|journalism|reporting|"
    r"newsroom|mission))\b|\bpowered by (?:our )?readers\b|\breader[- ](?:funded|supported)\b.{0,40}\b(?:we|us|our)\b|"
    r"\bwe (?:have no|don['’]t have (?:a|an|any)) (?:billionaire|paywall|shareholders|wealthy|rich)",
    r"\bjournalism (?:costs|needs you|(?:is expensive|isn['’]t cheap|is not cheap|isn['’]t free|is not free))\b|"
    r"\b(?:chip|pitch) in\b.{0,40}\b(?:us|our)\b|\b(?:every|any|each|your) (?:contribution|donation|gift|"
    r"amount),? (?:however|"
    r"no matter|big or small|large or small|counts|helps|makes a)\b",
    r"\bthank(?:s| you) (?:so much |again |very much )?for (?:reading|subscribing|watching|listening|tuning in|"
    r"joining us|being (?:a|our))\b|^(?:hey|hi|hello|dear)(?: there)?,? (?:it['’]s|i['’]m|this is|readers?|everyone|"
    r"all|"
    r"friends?|subscribers?)\b|^(?:hey|hello|hi) there\b",
    r"^make (?:a|your) (?:(?:\w+ )?(?:gift|donation)|contribution (?:today|now|here|to our))\b|^we are (?:a |"
    r"an )?(?:\w+ ){0,2}"
    r"(?:non-?profit|reader-(?:funded|supported))\b|^welcome to (?:today['’]s|tonight['’]s|our|this)\b",
    r"\bqualifying purchases\b|\b(?:we|i|our (?:site|website)) (?:may |might |will |can |could )?(?:also )?(?:earn|"
    r"receive|get|make|collect) (?:a |an |some )?(?:small |affiliate |modest )*(?:commissions?|share of (?:the )?"
    r"(?:sales?|revenue))\b|\bat no (?:extra|additional) cost to you\b|^(?:prices|offers|deals)\b.{0,40}\b(?:correct|"
    r"accurate|valid) at (?:the )?time of\b|^(?:prices|offers|deals)\b.{0,40}\bsubject to (?:change|availability)\b",
    r"^(?:we|this (?:site|website)) and .{0,40}\b(?:partners|vendors|third parties)\b.{0,60}\b(?:cookies|"
    r"device|personal data|your data|information on)\b|\b(?:partners|vendors|"
    r"third parties)\b.{0,60}\b(?:on your device|personal(?:ised|ized) "
    r"(?:ads?|advertising|content)|cookies|tracking technologies|your (?:consent|data))\b|"
    r"\b(?:withdraw|give|change|manage) your (?:consent|choices|preferences)\b|"
    r"^(?:with|without) your (?:consent|permission|agreement)\b|^(?:wir und unsere|mit ihrer (?:zustimmung|"
    r"einwilligung)|nous et nos|avec votre (?:accord|consentement)|nosotros y nuestros|con tu (?:acuerdo|"
    r"consentimiento)|my i nasi|wraz z naszymi|ми (?:та|і|й) наші) ?(?:\d+ )?(?:partner|partenaire|socios|zaufan|"
    r"партнер|,|können|vom|speicher)",
    r"^if you(?:['’]re| are|['’]ve| have) (?:just |only |only just )?(?:joining|joined|catching up|tuning in|"
    r"tuned in|waking|"
    r"woken|new (?:to|here))\b|^(?:for those (?:of you )?)?(?:just )?(?:joining|waking up|catching up)\b.{0,40}(?:\?|"
    r"us,)|"
    r"^let['’]s (?:\w+ ){0,2}(?:recap|take a (?:quick )?look|bring you|catch up)\b|^time for a (?:quick )?recap\b|"
    r"^(?:stick|stay|bear) with us\b|\bin (?:this|today['’]s|this week['’]s|our latest) episode,",
    r"\b(?:click|tap) (?:here|below|above)\b|\b(?:go|head) here (?:to|for)\b",
    r"\bwherever you (?:listen|watch|stream|get|are listening)\b",
    r"^(?:so |and |please |do |or )*tune in(?:to)?\b|\bcatch (?:up|it|them|the \w+) (?:\w+ ){0,2}(?:on|via) (?:iplayer|"
    r"demand|bbc|itvx?|all ?4|my5|channel|sky|sounds|now\b)|\b(?:watch|stream|listen|see it|catch up|available|live|"
    r"again|now|back)\b.{0,40}"
    r"\b(?:on|via|in) (?:the )?(?:bbc )?(?:iplayer|itvx|sounds|all ?4|my5|sky go|(?:zdf|ard|arte)?-?mediathek|"
    r"audiothek|peacock|paramount\+|hulu|rté player|arte\.tv|france\.tv)(?:\W|$)",
    r"^(?:watch|catch|see|hear|listen to) (?:[^,]{2,80}) (?:on|at) (?:bbc|itv\d?|channel [45]|sky (?:news|one|arts)|"
    r"cnn|radio \d|"
    r"c-span|pbs|lbc|times radio|arte|zdf)\b|\b(?:airs|broadcasts?|is on|starts|continues|returns|screens|"
    r"begins)\b.{0,40}\b(?:bbc|itv\d?|channel [45]|sky (?:news|one|arts)|radio \d|cnn|pbs|arte|zdf)\b.{0,40}\bat \d",
    r"\b(?:is|are) joined (?:by|in the studio by)\b.{2,80}\b(?:correspondent|editor|analyst|host|presenter|expert|"
    r"professor|columnist)s?\b.{0,80}\bto (?:discuss|talk|look|unpack|explain|examine|make sense|ask|assess|answer)\b",
    r"\b(?:story|news) tips?\b.{0,60}\b(?:e-?mail|contact|send|us|@)\b|^(?:got|have) (?:a|any) (?:story|tip|question|"
    r"news|view|opinion)",
)

# A time, a date and a name: nothing but these.
_MONTH = (
    r"(?:jan\w*|feb\w*|mar\w*|mär\w*|apr\w*|may|mai|jun\w*|jul\w*|aug\w*|sep\w*|oct\w*|okt\w*|nov\w*|dec\w*|dez\w*|"
    r"janv\w*|févr\w*|mars|avr\w*|juin|juil\w*|août|déc\w*|"
    r"ene\w*|abr\w*|mayo|ago\w*|dic\w*|stycz\w*|lut\w*|kwie\w*|maj\w*|czerw\w*|lip\w*|sierp\w*|wrze\w*|paźdz\w*|"
    r"list\w*|grud\w*|січ\w*|лют\w*|берез\w*|квіт\w*|трав\w*|черв\w*|лип\w*|серп\w*|верес\w*|жовт\w*|листоп\w*|"
    r"груд\w*)"
)
_DATE_TOKEN = (
    rf"(?:\d{{1,2}} ?h ?\d{{0,2}}|\d{{1,4}}(?:[./:-]\d{{1,2}}){{1,2}}(?:[./-]\d{{2,4}})?(?:\s?[ap]\.?m\.?)?|"
    rf"\d{{1,2}}(?:st|nd|rd|th|er|º)?|"
    rf"\d{{4}}|{_MONTH}\.?|(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?|"
    r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"gmt|bst|utc|est|edt|cet|cest|et|pt|eet|eest|uhr|h|hrs?|a\.?m\.?|p\.?m\.?|at|on|um|am|à|a las|de|del|le|el|r|"
    r"року|о|об|godz\.?|ago|vor|il y a|hace|temu|тому|min(?:s|ute[sn]?|utes?|utos|ut)?|хв|"
    r"hours?|days?|weeks?|stunden?|tagen?|heures?|jours?|horas?|días?|godzin\w*|дн\w*|годин\w*|just now|yesterday|"
    r"today|heute|gestern|aujourd['’]hui|hoy|dzisiaj|сьогодні)"
)
_STAMP_WORD = (
    r"(?:(?:first |originally |last )?(?:published|updated|posted|modified|created|last updated|last modified|date|"
    r"issued|veröffentlicht|aktualisiert|stand|erstellt|publié|mis à jour|"
    r"modifié|publicado|actualizado|opublikowano|aktualizacja|zaktualizowano|data publikacji|опубліковано|оновлено|"
    r"дата публікації)(?: (?:on|at|am|le|el|à))?)"
)
# Possessive, because dates can be read in many ways and none of the others would help.
_STAMP = re.compile(
    rf"^\W*(?:{_STAMP_WORD}\W*)?(?=.*[^\W\d_]{{2}}|.*\d[:./-]\d)(?=.*\d|.*(?:now|yesterday|"
    rf"today)\W*$)(?>{_DATE_TOKEN}(?:[\s,.|/·•–—()-]+|$|(?=[:]))|"
    rf"{_STAMP_WORD}\W*)++\W*$",
    re.IGNORECASE,
)
_NAME_WORD = r"(?:[A-ZÀ-ÞŁŚŻŹĆА-ЯІЇЄҐ][\w'’.-]*|de|del|der|von|van|di|da|la|le|bin|al|el|y|den|zu)"
_NAME = rf"(?:{_NAME_WORD}(?: {_NAME_WORD}){{0,4}})"
_BYLINE = re.compile(
    rf"^(?:By|BY|By:|Written by|Words by|Story by|Reporting by|Report by|Von|VON|Par|PAR|Por|POR|Autor:?|Autorka:?|"
    rf"Opracował[a]?:?|Tekst:|Oprac\.:?|Автор(?:ка)?:?|Text:|Analysis by|Opinion by|Interview by|Author:?|Reporter:?|"
    rf"Propos recueillis par|Posted by|Edited by)\s+{_NAME}"
    rf"(?:(?:,| and| und| et| y| i| та| &|\s*\|)\s*{_NAME}){{0,3}}"
    r"(?:\s*(?:,|\||in|at|for|for the|[–—-]|/)\s+[^.!?]{2,80})?$"
)
_BIO = re.compile(
    r"^(?!The |A |An )[A-ZÀ-Þ][\w'’-]+ [A-ZÀ-Þ][\w'’-]+ (?:reports|writes|covers) (?:from |on |"
    r"about )?.{2,60} for (?:the )?[A-Z][^.!?]{1,40}\W*$"
)
# Who writes here: what a reporter would put between two commas stands in a sentence of its own.
_CRAFT = (
    r"(?:correspondent|bureau chief|editor|reporter|columnist|contributor|fellow|research associate|essayist|"
    r"(?:staff |opinion )writer)"
)
# Many have these trades who don't write here; where they work must follow.
_TRADE = (
    r"(?:(?:journalist|writer|researcher|lecturer|professor|economist|historian|political scientist|commentator|"
    r"analyst|"
    r"expert|producer)(?=,? (?:at|for|with|based|covering|who covers|who writes|specialis|specializ|focus|emeritus|"
    r"and (?:the )?author)|\W* of \w+(?: \w+){0,3} at\b)|"
    r"(?:director|head)(?= (?:of|for)\b.{0,60}\b(?:programme|program|project|initiative|research|studies|practice|"
    r"newsroom|cent(?:re|er)|institute|think tank)\b))"
)
_AUTHOR_NAME = (
    rf"(?!(?:The|A|An|This|That|His|Her|Our|Its|In|At|On|Each|Every|Another|One|No)\b)"
    rf"(?:(?:Dr|Prof|Professor|Sir|Dame|Lord|Lady)\.? )?{_NAME_WORD}(?: {_NAME_WORD}){{1,3}}"
)
_AUTHOR = _any(
    rf"^{_AUTHOR_NAME} (?:is|was until recently) (?:(?!former\b|ex-)[\w'’&-]+ ){{0,7}}?(?:{_CRAFT}|{_TRADE})\b"
    r"(?!.{0,160}\b(?:who (?:was|has been|had|died|were)|arrested|detained|jailed|charged|accused|killed|convicted|"
    r"sentenced|missing|known to|wanted|facing|heard|would|will|could)\b)"
    r"(?:,? (?:at|for|of|in|with|on|based|and|who|covering|from|specialis\w+|specializ\w+|focus\w+|emeritus)\b"
    r"[^!?]{0,200}|, [^!?]{2,80})?[.]?$",
    rf"^{_AUTHOR_NAME} (?:reports (?:on|from|for)|writes (?:about|on|from|for)|covers|blogs (?:about|on)|tweets)\b"
    r".{2,100}\b(?:for (?:the )?[A-ZÀ-Þ]|at @)[^!?]{1,40}$",
    rf"^{_AUTHOR_NAME} (?:teaches|lectures)\b.{{2,80}}\bat (?:the )?[A-ZÀ-Þ][^!?]{{1,60}}$",
    rf"^{_AUTHOR_NAME} has (?:covered|reported (?:from|on|for)|been reporting|written (?:about|on|for))\b.{{2,100}}\b"
    r"(?:since \d{4}|for (?:more than|over|almost|nearly|\w+ (?:years|decades)|[Tt]he [A-Z]))[^!?]{0,60}$",
    rf"^(?:{_AUTHOR_NAME}|He|She|They)(?:['’]s| is| are|['’]re) the authors? of(?: (?:several|numerous|many|\w+ books|"
    r"the (?:book|novel|memoir|biography)|[A-Z][^.:]{2,60}:)[^!?]*| ?[,;.][^!?]{0,100})?$",
    r"^(?:[Hh]is|[Hh]er|[Tt]heir) (?:latest|new|most recent|next|first|forthcoming) book(?: is|,)[^!?]{0,120}$",
    rf"^{_AUTHOR_NAME} ist (?:\w+ ){{0,3}}(?:\w*[Kk]orrespondent|\w*[Rr]edakteur|\w*[Rr]eporter|"
    r"\w*[Jj]ournalist|\w*wissenschaftler|\w*[Aa]utor|[Kk]olumnist|Professor|Historiker|Publizist)(?:in)?\b"
    r"(?!.{0,80}\b(?:verhaftet|festgenommen|worden|tot)\b)[^!?]{0,160}$",
    rf"^{_AUTHOR_NAME} est (?:\w+ ){{0,3}}(?:correspondant|journaliste|chercheur|chercheuse|professeur|historien|"
    r"politologue|éditorialiste|chroniqueur|chroniqueuse|directeur de recherche)(?:e|ne)?\b[^!?]{0,160}$",
    rf"^{_AUTHOR_NAME} es (?:\w+ ){{0,3}}(?:corresponsal|periodista|redactora?|profesora?|investigadora?|analista|"
    r"columnista|politóloga?|politólogo|historiadora?|catedrátic[oa])\b[^!?]{0,160}$",
    rf"^{_AUTHOR_NAME} (?:jest|—|–|-) (?:\w+ ){{0,3}}(?:korespondent\w*|dziennikar\w*|redaktor\w*|analityk\w*|"
    r"publicyst\w*|кореспондент\w*|журналіст\w*|оглядач\w*|редактор\w*|аналітик\w*)\b[^!?]{0,160}$",
    flags=re.NOFLAG,
)
_WRITER = _any(
    r"^(?:the|this (?:article['’]s|column['’]s)) (?:writer|author|columnist|reviewer|essayist)s? (?:is|are) "
    r"(?:(?:an?|the|currently|also|one of|based) |researchers? |(?:\w+ )?fellows |professor|director|chair|editor|"
    r"head|president\b)"
    r"(?!.{0,160}, (?:\w+ ){1,4}(?:heard|found|ruled)\b)",
    r"^(?:(?:der|die|unser|unsere) (?:autor|autorin|verfasser|verfasserin) (?:ist|lehrt|arbeitet|war|leitet)|"
    r"l['’]aut(?:eur|rice|eure) (?:est|enseigne)|(?:el|la) autora? es|autork?a? jest|автор(?:ка)? (?:є|—|–|-)) ",
)

# The publisher about its own text: corrections, print editions, disclaimers, money.
_TEXT = (
    r"(?:article|story|report|piece|column|post|page|headline|caption|graphic|map|chart|newsletter|podcast|item|"
    r"interview|essay|obituary|review|video|text|live ?blog|blog|opinion|op-ed|commentary|episode|editorial)"
)
_ABOUT_ITSELF = _any(
    rf"^an? (?:(?:earlier|previous|prior|original|longer|shorter|different|translated|updated) )?version of (?:this|"
    rf"our) (?:\w+ )?{_TEXT}\b(?!,)",
    r"^an? (?:earlier|previous|prior|original) (?:version of the )?(?:article|story|headline|caption|post|newsletter)\b"
    r".{0,40}\b(?:incorrect\w*|wrong\w*|misstated|mistaken\w*|misspel\w+|misidentified|misattributed|erroneous\w*|"
    r"inaccurate\w*)\b|^an? (?:earlier|previous|original) version of the (?:article|story) (?:gave|stated|said|"
    r"referred)\b",
    rf"^(?:this|our) {_TEXT} (?:\w+ )?(?:incorrectly|wrongly|mistakenly|erroneously|misstated|misspelled|"
    r"misidentified|misattributed)\b|^we (?:have |['’]ve )?(?:since |now )?(?:updated|corrected|amended|changed|"
    r"clarified) "
    r"(?:this|our|the (?:article|story|headline|caption))\b|\bspelling of\b.{0,60}\bcorrected\b",
    r"^because of an? (?:editing|production|transcription|technical) error\b|^due to an? (?:editing|"
    r"production) error,? "
    r"(?:this|an)\b",
    r"\b(?:it|this|the (?:error|mistake|article|story|headline|caption)) (?:has|have) (?:now |since |"
    r"both )?been corrected\b"
    r".{0,60}$|\bthe (?:article|story|headline|caption) (?:has|have) (?:now |since )?been (?:amended|updated|clarified|"
    r"changed)\b.{0,60}$|^we (?:apologi[sz]e|regret|are sorry) (?:for )?(?:the|this|any) (?:error|mistake|confusion|"
    r"inconvenience)",
    r"^(?:corrections?|clarifications?|amendments?|editor['’]s note|editors['’] note|update|erratum|korrektur|"
    r"correctif|rectificación|sprostowanie|aktualizacja|виправлення|уточнення)"
    r" ?(?::|[,(–—-] ?[^:]{0,20}\d[^:]{0,20}:)",
    r"\b(?:in print on|appears in print|section [A-Z]{1,2}, page|page [A-Z]?\d+ of the (?:\w+ ){1,3}edition|"
    r"print edition (?:of|on|with|"
    r"under) (?:the|this)|order reprints)\b",
    r"^(?:in einer (?:früheren|vorherigen|ersten) (?:version|fassung) (?:dieses|des) (?:artikels|textes|beitrags)|"
    r"une (?:première )?version (?:antérieure |précédente |initiale )?de cet article|"
    r"una versión (?:anterior|previa) de (?:este|esta)|w (?:poprzedniej|wcześniejszej|pierwotnej) wersji (?:tego |"
    r"niniejszego )?(?:artykułu|tekstu)|у (?:попередній|першій) версії (?:цієї |цього )?(?:статті|новини|матеріалу|"
    r"тексту))\b",
    r"^(?:the )?(?:views?|opinions?|positions?)(?:,? (?:and|or) (?:views?|opinions?|conclusions))?,? (?:(?:expressed|"
    r"presented|contained|stated|published) (?:here(?:in)?\b|above\b|in (?:the (?:article|column|piece)|(?:this|our|"
    rf"these) (?:\w+ )?{_TEXT})s?\b|by (?:the |our |guest |individual |opinion )*(?:author|contributor|columnist|"
    rf"writer|"
    rf"commentator|guest)s?\b|are (?:those|solely|the author|my own)|on this (?:page|site|website))|in (?:this|our|"
    rf"these) "
    rf"(?:\w+ )?{_TEXT}s?\b|are (?:solely )?(?:those of the (?:author|writer|contributor)|the (?:author|writer)|"
    rf"my own))",
    r"\b(?:article|column|piece|essay|commentary|post|content|author|contributor|columnist|writer|here)s?\b.{0,40}"
    r"\bdo(?:es)? not necessarily (?:reflect|represent|express|constitute)\b|^this (?:is an? )?(?:\w+ )?(?:article|"
    r"column|"
    r"piece|essay|commentary)\b.{0,40}\bdo(?:es)? not (?:reflect|represent|express) the (?:views?|opinions?|"
    r"position)\b",
    r"^(?:the author(?:s)?['’]?s? (?:is|are) writing|the authors? (?:has|have) no (?:conflict|relevant)|"
    r"this (?:is an opinion|article represents the (?:view|opinion)|column represents|is a guest (?:column|essay|"
    r"post|article|contribution|commentary)))\b",
    r"\bcommitted to publishing (?:a |an )?(?:diversity|range|letters|variety)\b|\bwe['’]d (?:like|love) to hear "
    r"(?:from you|what you think|your)\b|^here (?:are|is|['’]s) (?:some tips|our e-?mail)\b|^and here['’]s our\b",
    r"\breceives? (?:\w+ )?(?:support|funding|grants|assistance)\b.{0,50}\b(?:coverage|reporting|journalism|"
    r"newsroom)\b.{0,80}\bfrom\b|\bsolely responsible for (?:all|its|the|this)\b.{0,20}\bcontent\b|"
    r"\bcoverage\b.{0,80}\breceives? (?:financial |funding )?support\b",
    r"^(?:the |le |la )?(?:conversation|guardian|independent|bureau|correctiv|mediapart|[A-Z]\w+ (?:press|news|times|"
    r"post|"
    r"journal|media|magazine|review|gazette|tribune|monitor|independent|project|observer)) (?:receives?|is "
    r"(?:supported|funded)|is made possible)\b.{0,40}\b(?:funding|support|grants?|donations?|by|from)\b.{0,160}"
    r"\b(?:foundations?|universit\w+|readers|members|donors|donations|trusts?|philanthrop\w+|subscribers|grants)\b",
    r"\bdo(?:es)? not work for, consult\b|\bhas disclosed no (?:relevant )?affiliations\b|\bown shares in or "
    r"receive funding\b",
    r"^this (?:\w+ )?(?:coverage|reporting|series|story|investigation|article|journalism) (?:is|was) (?:supported|"
    r"funded|made possible|underwritten)\b|\b(?:newsroom|we|our|funders?|donors?|"
    r"sponsors?)\b.{0,40}\beditorial (?:control|"
    r"independence|decisions)\b",
    # Not "the video": the news tells of forgeries.
    r"\b(?:our|how we) use (?:of )?(?:artificial intelligence|ai|generative ai)\b|^(?:this (?:\w+ )?(?:translation|"
    r"summary|"
    r"article|story|text|podcast|newsletter|transcript|audio version|page)|the (?:summary|audio version|translation|"
    r"key points))\b.{0,40}\b(?:was|were|is|are|has been|have been)\b.{0,40}\b(?:produced|generated|created|translated|"
    r"written|made|read|voiced|narrated|compiled|drafted|prepared)\b.{0,60}\b(?:ai|a\.i\.|artificial intelligence|"
    r"machine|automat\w+|computer|algorithm\w*|language model)\b",
    r"^(?:das (?:interview|gespräch) führten?|(?:propos|entretien) (?:recueillis|réalisé) par|rozmawiała?|"
    r"розмовля(?:в|ла)|"
    r"(?:this )?interview (?:was )?(?:conducted|edited) (?:by|for))\b",
    r"^(?:dieser|diese|dieses) (?:\w+ )?(?:text|beitrag|artikel|übersetzung|zusammenfassung)\b.{0,60}\b(?:ki|"
    r"künstlicher intelligenz|maschinell|automatisch)\b|^cet(?:te)? (?:article|traduction|résumé|"
    r"texte)\b.{0,60}\b(?:ia|"
    r"intelligence artificielle|automatique\w*)\b|^est[ea] (?:artículo|traducción|resumen|texto|noticia)\b.{0,60}\b"
    r"(?:ia|inteligencia artificial|automátic\w+)\b|^(?:ten|to|ta) (?:artykuł|tekst|tłumaczenie|"
    r"streszczenie)\b.{0,60}\b"
    r"(?:ai|sztucznej inteligencji|automatyczn\w+|maszynow\w+)\b|^ц(?:ей|я) (?:текст|переклад|стаття|матеріал)\b"
    r".{0,60}\b(?:ші|штучного інтелекту|автоматично)\b",
    r"^(?:(?:die )?in (?:diesem|dem) (?:text|beitrag|kommentar) geäußerten meinungen|(?:gast)?beiträge (?:geben|"
    r"spiegeln)|"
    r"les (?:opinions|propos|idées) exprimée?s|las opiniones (?:expresadas|vertidas)|opinie (?:wyrażone|zawarte) w|"
    r"(?:думки|погляди), висловлені (?:в|у)|редакція (?:може )?не (?:завжди )?(?:поділя|несе))",
)

_CLAUSE = re.compile(r"(?:[:!…]| [–—-]) +")
_ROLE = re.compile(
    r"^[^.!?,]{3,40}(?:,|\s+[|–—-]\s|\s{2,}|\s)\s*(?:(?:chief|senior|deputy|political|diplomatic|foreign|defen[cs]e|"
    r"europe|world|security|business|economics|international|home|"
    r"royal|special|news|washington|brussels|paris|berlin|moscow|kyiv|staff|white house|west?minster|digital|"
    r"assistant|associate|managing|live)\s+(?:affairs\s+|policy\s+)?){1,4}"
    r"(?:correspondent|editor|reporter|writer|columnist|producer|analyst)s?(?:\s*(?:,|in|\||@|at|"
    r"[–—-])\s*[^.!?]{1,60})?$",
    re.IGNORECASE,
)

# The commonest promotion in other languages: an order plus a product, or the publisher's "our".
_FOREIGN = _any(
    # German
    r"^(?:abonnieren|bestellen|jetzt|melden|folgen|hören|laden|registrieren|lesen|sehen|schauen|klicken|teilen|"
    r"diskutieren|schreiben|testen|unterstützen|bleiben|erhalten|holen|verpassen|entdecken|empfangen|sichern|nutzen|"
    r"schicken|kennen|sie|mit|alle|wenn|möchten|wollen|keine|noch|kostenlos\w*|täglich|immer)\b"
    r".{0,120}\b(?:newsletter\w*|podcasts?|app|abo|abonnement|whatsapp-?\w*|telegram-?\w*|instagram|facebook|"
    r"youtube\w*|(?:e-?mail-?)?postfach|push-?\w*|probeabo|probemonat|unsere[rnms]? (?:\w+ )?(?:redaktion|kanal|"
    r"seite|website|liveblog|live-?ticker|newsletter|podcast)|kommentar\w*|posteingang|spotify|"
    r"konto)\b(?!.{0,60}\b(?:sagte|teilte|erklärte)\b)",
    r"^(?:folgen sie uns|folge uns|jetzt (?:abonnieren|anmelden|registrieren|testen|lesen|anhören|herunterladen|"
    r"spenden)|hier (?:klicken|anmelden|abonnieren|geht es|können sie|lesen sie)|sie haben (?:noch )?(?:kein|"
    r"bereits)|abonnieren sie|melden sie sich|diskutieren sie mit|schreiben sie uns|alle (?:news|nachrichten|infos|"
    r"entwicklungen) (?:im|zum|zur)|bleiben sie (?:informiert|auf dem laufenden))\b",
    r"\b(?:unser(?:e[mnrs]?)?|ihr(?:em|en)?) (?:\w+ ){0,2}(?:newsletters?|podcasts?|app|liveblog|live-?ticker|"
    r"whatsapp-?kanal|postfach|posteingang|abo)\b|\büberall,? wo es podcasts gibt\b|\bder newsticker\b",
    r"^(?:zum newsletter|der podcast (?:zur?|zum|für|von|über)\b|mehr (?:dazu|darüber|hintergründe|nachrichten|"
    r"infos)\b.{0,30}\b(?:lesen|hören|"
    r"sehen|finden|gibt es|hier)|"
    r"unsere? (?:reporter|redaktion|korrespondent)\w* (?:bericht|informier|erklär|halt)\w*|wir freuen uns (?:über|"
    r"auf) ihre?|(?:redaktioneller )?hinweis(?: der redaktion)?:|diese (?:folge|episode|ausgabe)\b.{0,80}\b(?:hören|"
    r"spotify|podcasts?|app|abonnieren)|hier (?:finden|können|lesen|hören|sehen|geht['’]?s|geht es (?:zu|zum|"
    r"zur))\b)|\bexterne[rn]? inhalt\w*\b|"
    r"\bexterne inhalte\b",
    r"\b(?:podcasts?|newsletters?)\b.{0,60}\b(?:jeden (?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|"
    r"sonntag|tag|morgen)|"
    r"kostenlos|abonnieren|anmelden|jetzt|hier)\b",
    # French
    r"^(?:abonnez|inscrivez|recevez|téléchargez|suivez|rejoignez|écoutez|retrouvez|découvrez|cliquez|partagez|"
    r"soutenez|connectez|réagissez|consultez|lisez|regardez|créez|profitez|essayez|testez|activez|ne (?:manquez|"
    r"ratez)|vous (?:souhaitez|voulez|avez|pouvez|aimez|êtes)|pour (?:lire|recevoir|ne rien|accéder|suivre)|"
    r"déjà abonné|envie|restez|dites)\b"
    r".{0,140}\b(?:newsletters?|lettres? d['’]information|podcasts?|appli(?:cation)?|abonn\w*|chaîne|facebook|"
    r"instagram|whatsapp|telegram|twitter|youtube|notre|nos|ici|mail|boîte|alertes?|compte|commentaires?|"
    r"notifications?|spotify|deezer|infolettre|identifi\w*|cliquez)\b",
    r"^(?:abonnez-vous|inscrivez-vous|suivez-nous|rejoignez-nous|déjà abonné|connectez-vous|cet article est réservé|"
    r"la suite (?:est|après)|article réservé|il vous reste)\b",
    r"\b(?:notre|nos) (?:\w+ ){0,2}(?:newsletters?|podcasts?|appli(?:cation)?|infolettre|chaîne (?:whatsapp|youtube|"
    r"telegram)|abonnés|lettres? d['’]information)\b|\bvotre boîte (?:mail|de réception)\b|\bdans votre boîte\b",
    r"^la suite (?:est|après)|^(?:lire|écouter|voir|retrouver) (?:l['’]article|la suite|le podcast|tous? nos?|"
    r"notre)\b|"
    r"\bde cet article\b.{0,20}\bà (?:lire|découvrir)\b",
    # Spanish
    r"^(?:suscríbete|suscríbase|regístrate|regístrese|apúntate|recibe|reciba|descarga|descargue|síguenos|síganos|"
    r"sigue|siga|únete|únase|escucha|escuche|haz clic|haga clic|comparte|comparta|apoya|lee|lea|mira|consulta|conoce|"
    r"descubre|inscríbete|hazte|activa|accede|inicia sesión|no te pierdas|quieres|¿quieres|¿te ha|¿ya|puedes|"
    r"para (?:leer|recibir|seguir|acceder)|si (?:quieres|te)|toda la información|danos|cuéntanos|mantente)\b"
    r".{0,140}\b(?:newsletters?|bolet(?:ín|ines)|podcasts?|app|aplicación|canal(?:es)?|whatsapp|telegram|facebook|"
    r"instagram|twitter|youtube|nuestr[oa]s?|aquí|suscr[ií]\w*|correo|alertas?|notificaciones|cuenta|spotify|"
    r"redes sociales|comentarios)\b",
    r"^[¿¡]?(?:suscríbete|suscríbase|síguenos|síganos|únete a|regístrate|hazte (?:socio|suscriptor|premium)|lee más|"
    r"contenido exclusivo para|este contenido es|ya eres suscriptor)\b",
    r"\bnuestr[oa]s? (?:\w+ ){0,2}(?:newsletters?|bolet(?:ín|ines)|podcasts?|app|aplicación|canal de|suscriptores|"
    r"redes sociales)\b|\bsu bandeja de entrada\b|\btu (?:bandeja|correo|email)\b",
    r"\ben nuestr[oa]s? (?:web|página|portal|sitio|redes|edición)\b|^más (?:información|noticias|contenido) (?:en|"
    r"sobre|aquí)\b",
    # Polish
    r"^(?:zapisz|subskrybuj|zasubskrybuj|pobierz|śledź|obserwuj|dołącz|słuchaj|posłuchaj|kliknij|udostępnij|wesprzyj|"
    r"zaloguj|zarejestruj|kup|wykup|przeczytaj|czytaj|oglądaj|obejrzyj|polub|sprawdź|odbierz|otrzymuj|bądź|chcesz|"
    r"masz|jeśli|nie przegap|podziel|skomentuj|napisz|zostań|włącz|najnowsze|więcej|zobacz|aby|by|znajdziesz)\b"
    r".{0,140}\b(?:newsletter\w*|podcast\w*|aplikacj\w*|kana[łl]\w*|facebook\w*|instagram\w*|twitter\w*|whatsapp\w*|"
    r"telegram\w*|youtube\w*|spotify|nas\b|nasz\w*|tutaj|tu\b|subskrypcj\w*|prenumerat\w*|powiadomie\w*|e-?mail\w*|"
    r"skrzynk\w*|konto|komentarz\w*|redakcj\w*|więcej na)\b",
    r"^(?:zapisz się|subskrybuj|śledź nas|obserwuj nas|dołącz do nas|polub nas|napisz do nas|zaloguj się|"
    r"masz (?:już )?(?:konto|temat)|czytaj więcej|zostań (?:naszym|subskrybentem|patronem)|wesprzyj nas)\b",
    r"\bnasz(?:ego|ym|ej|a|ą|e|ych)? (?:\w+ ){0,2}(?:newsletter\w*|podcast\w*|aplikacj\w*|kana[łl]\w*|fanpage\w*|"
    r"profil\w*)\b|\bna (?:swoją|twoją) skrzynkę\b",
    r"\b(?:materiału|tekstu|artykułu) (?:pod|znajduje się|poniżej|nad)\b.{0,30}$|^dalsz\w+ (?:ciąg|część)\b|"
    r"\bznajdziesz (?:na|w|tutaj|tu)\b.{0,60}$|^dziękujemy,? (?:że|za)\b|^bądź na bieżąco\b|^(?:obserwuj|"
    r"śledź) (?:nas|nasz)\b",
    # Ukrainian
    r"^(?:підписуйтесь|підписуйтеся|підпишіться|підписатися|підпишись|стежте|слідкуйте|приєднуйтесь|приєднуйтеся|"
    r"долучайтесь|долучайтеся|завантажуйте|завантажте|слухайте|натисніть|тисніть|поділіться|поширте|підтримайте|"
    r"підтримуйте|читайте|дивіться|дізнайтеся|дізнавайтесь|отримуйте|залишайтесь|залишайте|увійдіть|зареєструйтесь|"
    r"зареєструйтеся|хочете|якщо ви|більше|надсилайте|пишіть|станьте|ставайте|ще більше|головні новини|всі новини|"
    r"усі новини|швидко|оперативні)\b"
    r".{0,140}\b(?:розсилк\w*|подкаст\w*|застосун\w*|додат\w*|канал\w*|телеграм\w*|telegram\w*|фейсбу\w*|facebook|"
    r"instagram|інстаграм\w*|youtube|ютуб\w*|whatsapp|viber|twitter|наш\w*|нас\b|тут\b|посиланн\w*|сповіщенн\w*|"
    r"пошт\w*|акаунт|коментар\w*|редакці\w*|spotify|google news|сайт\w*)",
    r"^(?:підписуйтесь|підписуйтеся|підпишіться|стежте за нами|читайте нас|приєднуйтесь до нас|читайте більше|"
    r"підтримайте нас)\b",
    r"\bнаш(?:ого|ому|им|ій|а|у|их|ої|е)? (?:\w+ ){0,2}(?:розсилк\w*|подкаст\w*|застосун\w*|канал\w*|telegram\S*|"
    r"телеграм\S*|сайт\w*|youtube\S*)",
    r"^якщо ви (?:знайшли|помітили|побачили) помилку\b|\bctrl ?\+ ?enter\b",
    r"\b(?:підпишіться|підписуйтесь|підписуйтеся) на (?:нас|наш|канал|сторінку|розсилку|telegram|телеграм)|"
    r"^(?:підтримайте|підтримуйте|підтримати) (?:незалежн\w+|наш\w*|нас|редакці\w+|проєкт|якісн\w+)\b|^дякуємо,? що\b",
)

# A paragraph may end like a report and still be an offer: who speaks decides.
_REPORTED = re.compile(
    r"\b(?:said|says|told|according to|announced|reported|added|wrote|argued|warned|insisted|confirmed|officials?|"
    r"asked|replied|urged|claimed|stressed|"
    r"spokes(?:man|woman|person)|sagte|erklärte|teilte|a (?:dit|déclaré|affirmé)|dijo|declaró|afirmó|powiedział\w*|"
    r"oświadczył\w*|сказа\w+|заяви\w+|повідоми\w+)\b",
    re.IGNORECASE,
)
# Somebody speaks: ", he said", "the minister told".
_SPEAKS = re.compile(
    r"(?:,|\bwho|\band) (?:(?!that|which|it|this)\w+ ){0,5}(?:said|says|told|warned|argued|wrote|added|asked|"
    r"insisted|replied)\b|\baccording to\b|\b(?:ministers?|officials?|spokes(?:man|woman|person)|he|she|they) (?:said|"
    r"says|told)\b",
    re.IGNORECASE,
)


def _bare(line: str) -> str:
    """Return the line in one row, without pictograms in front and outer emphasis."""
    line = collapse(line[:_JUDGED]).strip("*_ ")
    return _DECORATION.sub("", line, count=1)


def _promotes(line: str) -> bool:
    """Judge one sentence or one short line that is already collapsed and bare."""
    if not line:
        return False
    if _BUTTON.fullmatch(line) or _STAMP.match(line) or _LABEL.search(line) or _LEGAL.search(line):
        return True
    ends = line[-1] in ".!?…"
    if not ends and (_BYLINE.match(line) or _ROLE.match(line)):
        return True
    if len(line) <= 200 and _CREDIT.search(line) and not (ends and _REPORTED.search(line)):
        return True
    # From here on the words count, and words in quotation marks are somebody else's.
    own = collapse(_QUOTED.sub(" ", line))
    # A correction says what the article "said", and a correspondent "has reported"; nobody else speaks there.
    if _ABOUT_ITSELF.search(own) and not _SPEAKS.search(own):
        return True
    if _AUTHOR.search(own) and not _SPEAKS.search(own):
        return True
    if _REPORTED.search(own):
        return False
    if _BIO.match(own) or _WRITER.search(own) or _PROMISE.search(own):
        return True
    # An order may stand behind a headline: "Storm in Spain: follow our live blog".
    clauses = [own, *_CLAUSE.split(own)[1:3]]
    return any(_CALL.search(clause) or _FOREIGN.search(clause) for clause in clauses)


def _flags(texts: Sequence[str]) -> list[bool]:
    """Judge the sentences of one paragraph in order, with what trails behind a promotion."""
    flags = [_promotes(_bare(text)) for text in texts]
    # A caption under its picture: "A protest in Warsaw. Photograph: A. Nowak/Agency".
    last = _bare(texts[-1])
    if len(texts) > 1 and sum(len(t.split()) for t in texts) <= _CAPTION_WORDS:
        labelled = flags[-1] and _CAPTIONED.search(last)
        signed = len(texts) == 2 and (_AGENCY.search(last) or _SIGNED.match(last)) and not _PAST.search(texts[0])
        if labelled or signed:
            return [True] * len(texts)
    tail = None
    for index, text in enumerate(texts):
        if flags[index]:
            tail = _TAIL_WORDS if tail is None else tail
        elif tail is not None:
            tail -= len(text.split())
            flags[index] = tail >= 0 and not _REPORTED.search(_QUOTED.sub(" ", text))
            if not flags[index]:
                tail = None
    # A question to the reader, or a boast, that only leads up to the offer: "Short on time? Get our app."
    for index in range(len(texts) - 1, 0, -1):
        if flags[index] and not flags[index - 1]:
            lead = texts[index - 1]
            asks = lead.rstrip().endswith(("?", "?…")) and index == 1
            flags[index - 1] = asks and len(lead.split()) <= 25
    return flags


def boilerplate_flags(text: str, spans: Sequence[Span]) -> list[bool]:
    """Tell for each sentence of one paragraph of ``text`` whether it is furniture.

    A promotion takes along the few words that trail it in the same paragraph, because "Tom and Robert dig into the
    biggest issues" reads like news only to a machine.
    """
    if not spans:
        return []
    paragraph = text[spans[0].start : spans[-1].end]
    # A legal line may need all its sentences to be known for one; judging costs about 0.5 ms, so each is judged once.
    if len(spans) > 1 and len(paragraph) <= 200 and _LEGAL.search(_bare(paragraph)):
        return [True] * len(spans)
    return _flags([span.of(text) for span in spans])


def is_boilerplate(line: str) -> bool:
    """Tell whether a line, sentence or paragraph is not news but what is printed around it.

    A paragraph of several sentences is furniture only when all of it is; a real paragraph with an offer stuck to its
    end is not (see :func:`boilerplate_flags` for judging its sentences).
    """
    bare = _bare(line)
    if not bare:
        return False
    spans = sentences(bare, Span(0, len(bare)))
    if len(spans) == 1:
        return _promotes(bare)
    if _LEGAL.search(bare) and len(bare) <= 200:
        return True
    return all(_flags([span.of(bare) for span in spans]))
