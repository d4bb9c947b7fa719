# Tout ce que dit l’application, en français.

## Les parties de l’application, et ce qui est partout

parts = Parties de l’application
conversations = Conversations
people = Personnes
cards = Cartes
settings = Réglages
back = Retour
close = Fermer
clear = Effacer
cancel = Annuler
leave-it = Ne rien changer
undo = Annuler
keep = Garder
keep-it = Le garder
later = Plus tard
details = Détails
more = Suite
loading = Un instant
load-again = Recharger
go-on = Continuer
give-up = Renoncer
paste = Coller
copy = Copier
copied = Copié.
not-copied = Le navigateur ne nous a pas laissé copier.
list-separator = ,{ " " }
never = jamais
today = Aujourd’hui
yesterday = Hier
rest = Ouvrez une conversation, ou appuyez sur Ctrl K pour tout chercher.

## Avant que l’application soit ouverte

start-title = Une ligne à vous
start = Entrenous est une ligne directe entre deux personnes. Votre bureau vous a remis un lien d’attribution, sur papier ou sous forme de code. Il sert une fois, sur ce combiné.
claim-link = Lien d’attribution
scan = Lire le code
claim-by-link = Continuer avec ce lien
have-a-backup = J’ai une sauvegarde
step-of = Étape { $step } sur { $of }
name-title = Ce que voient les autres
line-at = Votre ligne est auprès de
your-name = Votre nom
your-name-hint = Tel que vos interlocuteurs vous connaissent.
secret-title = Ce qui ouvre ce combiné
secret = Tout ce qu’il contient est scellé ainsi. Personne ne peut le rétablir pour vous, pas même votre bureau.
passphrase = Phrase secrète
once-more = Encore une fois
not-the-same = Ce n’est pas encore la même.
show-passphrase = Montrer la phrase secrète
strength-0 = Huit caractères au moins.
strength-1 = Facile à deviner. Allongez-la.
strength-2 = Passable. Un mot de plus la rend bonne.
strength-3 = Bonne. Un mot de plus la rend forte.
strength-4 = Forte.
passkey-name = Entrenous sur ce combiné
passkey-too = L’ouvrir aussi du visage ou du doigt
passkey-too-hint = Une clé d’accès de cet appareil. La phrase secrète ouvre toujours.
claim-the-line = Prendre la ligne
claim-waiting-title = Votre bureau n’a pas encore répondu
claim-waiting = La demande attend sur ce combiné et partira d’elle-même dès que votre bureau sera joignable.
claimed-title = Votre ligne est à vous
storage-kept = Ce navigateur garde le contenu du combiné jusqu’à ce que vous l’effaciez.
storage-not-kept = Ce navigateur pourrait vider le combiné si la place manque. Installer l’application sur l’écran d’accueil aide, une sauvegarde aussi.
no-backup-yet = Il n’y a pas encore de sauvegarde. Sans elle, un téléphone perdu est une ligne perdue.
first-backup = La première sauvegarde retire aussi de ce combiné la clé qui permet de rétablir la ligne. Gardez le fichier et sa phrase secrète séparément.
backup-now = Sauvegarder maintenant
backup-later = Plus tard, et rappelez-le-moi
locked = Verrouillé
unlock = Ouvrir
unlock-in = Ouvrir dans { $seconds } s
unlock-by-passkey = Visage ou doigt
next-try = Ce n’est pas cela. Le prochain essai sera possible dans { $seconds ->
    [one] { $seconds } seconde
   *[other] { $seconds } secondes
}. Rien n’est effacé.
unusable-no-storage-title = Ce navigateur ne peut pas tenir de ligne
unusable-no-storage = Il n’a pas de système de fichiers privé pour les pages, ou le ferme dans les fenêtres privées. Ouvrez cette adresse dans une fenêtre ordinaire d’un Chrome, Firefox ou Safari récent.
unusable-held-title = Quelque chose retient votre ligne
unusable-held = Une autre fenêtre ou un autre programme de cet appareil tient le combiné ouvert et ne le lâche pas. Fermez-le là-bas, puis rechargez.
unusable-newer-title = Cette application est plus ancienne que votre ligne
unusable-newer = Le contenu de ce combiné vient d’une version plus récente de l’application. Rechargez quand vous êtes connecté.
unusable-damaged-title = Le combiné ne peut pas être lu
unusable-damaged = Ce qui est conservé ici est abîmé. Votre ligne vit dans sa sauvegarde : effacez les données de cette page dans le navigateur, puis rétablissez-la.
stopped-title = L’application s’est arrêtée
stopped = Rien n’est perdu. Rechargez pour continuer.

## Rétablir

restore = Rétablir
restore-title = Rétablir votre ligne
restore-explained = À partir du fichier d’une sauvegarde, sur ce combiné.
choose-a-backup = Choisir le fichier de la sauvegarde
backup-passphrase = Phrase secrète de la sauvegarde
restore-new-passphrase = Et ce qui ouvrira désormais ce combiné :
other-office = Le bureau a changé
other-office-hint = Si l’ancien standard n’existe plus, demandez un lien d’attribution au nouveau bureau.
old-handset-off = L’ancien combiné s’éteint pour de bon dès que celui-ci est en service.
restoring = Rétablissement
restoring-hint = La sauvegarde est en cours de lecture. Laissez ceci ouvert.
line-restored = Votre ligne est rétablie telle qu’elle était le { $time }, avec { $people ->
    [one] { $people } personne
   *[other] { $people } personnes
}.

## La liste des conversations

good-morning = Bonjour
good-afternoon = Bon après-midi
good-evening = Bonsoir
search-everything = Tout chercher
hand-out-a-card = Remettre une carte
take-up-a-card = Accepter une carte
nobody-title = Personne n’a encore votre numéro
nobody = Ce n’est pas un numéro unique : chacun reçoit sa propre carte, que vous pouvez reprendre à tout moment. Remettez la première.
offline-since = Pas de connexion depuis { $time }. Ce que vous écrivez attend ici et partira de lui-même.
turned-away = Votre bureau n’admet pas ce combiné.
restored-elsewhere = Cette ligne a été rétablie sur un autre combiné le { $time }. Ici, vous pouvez lire ce qui s’y trouve ; plus rien n’arrive ni ne part.
unread = { " " }non lus
draft = Brouillon
asked = Vous avez demandé à entrer. On ne vous a pas encore répondu.
refused = On ne vous a pas laissé entrer.
blocked = Bloqué. Rien ne passe.
nothing-said = Rien n’a encore été dit.
waits-since = En attente depuis { $time }. L’envoi reprendra de lui-même.
waits-offline = En attente d’une connexion. L’envoi se fera de lui-même.
waits = En attente. L’envoi se fera de lui-même.
verified-in-person = Vérifié en personne
verified-by-card = Connu par carte
not-verified = Pas encore confirmé

## Une conversation

conversation-with = Conversation avec { $name }
conversation-empty = Rien n’a encore été dit. Ce que vous écrivez, { $name } est seul à pouvoir le lire.
between-us = Entre nous
not-to-be-quoted = à ne pas citer
vanishes-after = disparaît après { $term }
search-here = Chercher dans cette conversation
texts = Messages
new-texts = Nouveaux
to-the-newest = Aux plus récents
text-menu = Que faire de ce message
you = Vous
you-said = Vous :{ " " }
a-text = un message
a-picture = Une image
voice-note = Message vocal, { $length }
gone = Repris
gone-mine = Vous avez repris ce message.
gone-theirs = { $name } a repris ce message.
unknown-content = Un contenu que montre une version plus récente de cette application.
reactions = Réactions
reacted = { $name } : { $emoji }
react = Réagir
react-with = Réagir par { $emoji }
reply = Répondre
no-reply = Ne pas répondre à ce message
unsend = Reprendre
unsend-title = Reprendre ce message ?
unsend-question = Il disparaît des deux combinés, à moins que l’autre n’en garde des copies à notre insu. Il a peut-être été lu.
written-at = Écrit le { $time }.
vanishes-at = Disparaît le { $time }.
state-waiting = en attente
state-sent = envoyé
state-delivered = remis
state-seen = vu
write = Écrire
between-the-two-of-you = Entre vous deux
send = Envoyer
attach = Joindre
drop-file = Ne pas envoyer { $name }
files-to-send = Fichiers joints
record = Enregistrer un message vocal
record-on = Reprendre l’enregistrement
record-pause = Suspendre l’enregistrement
record-drop = Jeter l’enregistrement
record-send = Arrêter et envoyer
recorded-so-far = Enregistré jusqu’ici
recording-note = Chaque seconde est gardée à mesure que vous parlez. Ni un appel ni une batterie vide n’y font perdre rien.
left-recording = Un message vocal de { $length } n’a pas été envoyé.
throw-away = Jeter
blocked-composer = Vous avez bloqué cette personne. Rien n’arrive ni ne part.
paused = suspendu
of-bytes = { $done } sur { $of }
file-waits = en attente
file-lost = On ne peut plus l’obtenir.
file-refused = Votre bureau n’accepte pas le fichier { $name }.
file-refused-here = Votre bureau n’accepte pas ce fichier.
fetch-file = Chercher ce fichier
pause-file = Suspendre
go-on-with-file = Reprendre
save-file = Enregistrer
show-picture = Montrer l’image { $name }
play-voice = Écouter, message vocal, { $length }
pause-voice = Suspendre, message vocal, { $length }
place-in-voice = Endroit du message vocal
speed = Vitesse : { $times }×

## Combien de temps restent les messages

term-off = sans limite
term-1d = un jour
term-1w = une semaine
term-4w = quatre semaines
term-unknown = comme il était proposé
expiry-proposed-mine = Vous avez proposé que les messages restent { $term }. { $name } n’a pas encore répondu.
expiry-proposed-theirs = { $name } propose que les messages restent { $term }, sur les deux combinés.
expiry-accepted-mine = Vous êtes d’accord : les messages restent { $term }.
expiry-accepted-theirs = { $name } est d’accord : les messages restent { $term }.
expiry-declined-mine = Vous préférez ne rien changer.
expiry-declined-theirs = { $name } préfère ne rien changer.
expiry-withdrawn-mine = Vous avez retiré votre proposition.
expiry-withdrawn-theirs = { $name } a retiré sa proposition.
accept = Accepter
keep-as-is = Ne rien changer
take-it-back = Retirer
how-long-texts-stay = Combien de temps restent les messages
texts-stay = Les messages restent
expiry-explained = Cela vaut pour vous deux, pour ce qui s’écrit ensuite, une fois que l’autre a accepté. Passé ce temps, les messages disparaissent des deux combinés.
propose = Le proposer

## Les lignes que personne n’a écrites

notice-restored = Rétabli d’une sauvegarde du { $time }, sur un nouveau combiné. { $name } renvoie ce qui vous a été écrit depuis ; ce que vous avez écrit depuis n’est plus que de son côté.
notice-contact-restored = { $name } utilise un nouveau combiné, rétabli d’une sauvegarde. Ce que vous avez vérifié vaut toujours. Si vous vous étiez récemment accordés sur la durée des messages, accordez-vous de nouveau.
notice-needs-card = Ce combiné ne connaît aucun chemin vers { $name }. Demandez une nouvelle carte, ou remettez-en une.
notice-out-of-service = Le bureau de { $name } a mis son combiné hors service le { $time }.
notice-back-in-service = Le bureau de { $name } a de nouveau admis son combiné le { $time }.
notice-over-before-it-came = Ce que { $name } a écrit ici avait expiré avant d’arriver, comme vous en étiez convenus.
notice-founded-again = La liaison a été refaite, avec des clés neuves. Rien n’est perdu.
notice-card-used-up = Impossible de joindre { $name } : la carte avait déjà servi. Demandez-en une nouvelle.
notice-card-revoked = Impossible de joindre { $name } : la carte a été reprise. Demandez-en une nouvelle.
notice-card-expired = Impossible de joindre { $name } : la carte avait expiré. Demandez-en une nouvelle.
notice-card-unknown = Impossible de joindre { $name } : son bureau ne connaît pas la carte. Demandez-en une nouvelle.
notice-reservation-lapsed = Impossible de joindre { $name } : la carte n’a pas été acceptée à temps. Demandez-en une nouvelle.
notice-not-reached = Impossible de joindre { $name } par cette carte. Demandez-en une nouvelle.
office-silent = Son bureau n’a rien confirmé depuis { $time }. L’envoi reprendra de lui-même.
office-withholds = Son bureau a reçu ce que vous avez envoyé à { $time } et ne l’a pas encore transmis.
handset-silent = Son bureau a ce que vous avez envoyé à { $time }. Son combiné ne l’a pas confirmé ; il est peut-être éteint.

## Annoncer

arrived-from = { $name } vous a écrit.
wrote-to-you = vous a écrit
sent-a-file = a envoyé un fichier
something-waits = Quelque chose vous attend.
a-call-waits = Un appel.
clock-off = L’horloge de cet appareil s’écarte de { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}. Les heures peuvent sembler fausses tant qu’elle n’est pas réglée.

## Chercher

search = Chercher
search-hint = Des mots de messages, dans toutes les conversations.
search-everywhere = Chercher partout
nothing-found = Aucun message ne contient tous ces mots.
found = { $count ->
    [one] { $count } message
   *[other] { $count } messages
}{ $more ->
    [0] , du plus récent au plus ancien
   *[other] {" "}et d’autres, du plus récent au plus ancien
}
found-texts = Trouvés

## Personnes

your-people = Vos personnes
blocked-people = Bloquées
asking-to-come-in = Demandent à entrer
asks-by-card = Avec la carte « { $card } », { $time }. Vous avez voulu qu’on vous le demande.
admit = Admettre
refuse = Refuser
admitted = { $name } peut entrer.
not-admitted = { $name } n’entre pas.
asked-since = demandé { $time } · pas encore admis
by-card-compare = par carte · comparez les mots de sûreté
not-confirmed-yet = Pas encore confirmé
known-by-card = Connu par carte. Comparez les mots de sûreté quand vous vous verrez.
person = Personne
calls-self = Se présente comme « { $name } »
write-a-text = Écrire
rename = Renommer
rename-title = Le nom que vous lui donnez
name-here = Nom sur ce combiné
name-here-hint = Vous seul le voyez.
came-in-by = Venu par
by-your-card = votre carte « { $card } »
by-their-card = sa carte
since = Depuis
between-you = Entre vous
safety-words = Mots de sûreté
compared = comparés
to-be-compared = à comparer
block = Bloquer
block-hint = Plus rien de cette personne ne passe. De son côté, on dirait un combiné éteint.
unblock = Laisser entrer de nouveau
unblock-hint = Ce que cette personne écrit passe de nouveau.
blocked-now = { $name } ne passe plus.
unblocked-now = { $name } passe de nouveau.
remove = Retirer
remove-person = Retirer { $name }
remove-hint = La conversation disparaît aussi de ce combiné.
remove-question = Retirer { $name } ?
remove-words = Vous ne serez plus en contact, et tout ce que vous vous êtes dit disparaît de ce combiné. Pour se retrouver, l’un de vous remettra une nouvelle carte à l’autre.
removed = { $name } n’est plus là.
compare-title = Lisez-vous ces mots l’un à l’autre
compare = Face à face, ou du moins en entendant une voix que vous reconnaîtriez entre mille. Les deux combinés doivent montrer les dix mêmes, dans cet ordre.
a-voice-can-be-copied = Une voix s’imite. Si quelque chose vous paraît étrange, comparez de nouveau quand vous vous verrez.
scan-theirs = Lire le sien
show-mine = Montrer le mien
show-mine-hint = L’autre combiné lit ceci : à la page des mots de sûreté, « Lire le sien ».
safety-words-code = Les mots de sûreté sous forme de code QR
not-safety-words = Ce code ne contient pas de mots de sûreté.
they-are-the-same = Ce sont les mêmes
they-differ = Ils diffèrent
verified-now = { $name } est vérifié en personne.
differ-title = Les mots diffèrent
differ = Alors les clés d’un tiers sont entre vous, ou l’un de vous a deux lignes. Ne dites rien sur cette ligne que d’autres ne doivent savoir. Bloquez-la, et remettez une nouvelle carte en main propre.

## Cartes

a-card = Une carte
cards-open = Cartes ouvertes
cards-over = Terminées
cards-counted = { $open ->
    [one] { $open } ouverte
   *[other] { $open } ouvertes
}, { $over ->
    [one] { $over } terminée
   *[other] { $over } terminées
}
no-cards-title = Aucune carte n’est sortie
no-cards = Une carte est un numéro privé pour une personne. Vous voyez qui est venu par elle, et pouvez la reprendre.
card-open = ouverte
card-used = utilisée
card-expired = expirée
card-revoked = reprise
card-nobody-yet = { $uses ->
    [1] Valable une fois. Personne ne l’a encore acceptée.
   *[other] Valable { $uses } fois. Personne ne l’a encore acceptée.
}
card-nobody = Personne ne l’a acceptée.
card-taken-by = { $of ->
    [1] Acceptée par { $people }.
   *[other] { $taken } fois sur { $of }, par { $people }.
}
card-asks-first = Demande d’abord.
card-until = Jusqu’au { $time }.
card-not-stored = Elle pourra servir dès que votre bureau l’aura reçue. Cela se fait de soi-même une fois la connexion établie.
card-explained = Un numéro privé pour une personne. Vous pouvez la reprendre, et vous voyez toujours qui est venu par elle.
for-whom = Pour qui
for-whom-hint = Vous seul le voyez.
how-often = Combien de fois elle peut servir
times = { $count ->
    [1] Une fois
   *[other] { $count } fois
}
good-for = Valable
days = { $count ->
    [1] Un jour
    [7] Une semaine
    [365] Un an
   *[other] { $count } jours
}
whoever-takes-it = Qui l’accepte
comes-in-at-once = entre aussitôt
comes-in-at-once-hint = Pour une carte que vous remettez vous-même.
asks-first = demande d’abord, et vous décidez
asks-first-hint = Pour une carte qui passe par d’autres mains.
make-the-card = Faire la carte
your-number-for = Votre numéro, pour { $name }
until = jusqu’au { $time }
card-as-code = La carte sous forme de code QR
or-say = ou dites
and-the-words = et
copy-the-link = Copier le lien
hand-it-over = La remettre
card-to-share = Un numéro privé
take-card-back = La reprendre
take-back-question = Reprendre cette carte ?
take-back-words = Personne ne pourra plus l’accepter.
take-back-words-taken = Personne d’autre ne pourra plus l’accepter. Qui est déjà venu par elle reste ; bloquez ou retirez sous Personnes.
card-taken-back = La carte est reprise.

## Accepter une carte

take-up-explained = On vous a donné un numéro : sous forme de code, de lien ou de huit mots.
paste-a-link = Coller un lien
from-a-picture = Depuis une image
card-link = Le lien de la carte
or-by-words = Ou par les mots : son bureau
and-eight-words = et les huit mots
words-hint = Les quatre premières lettres de chacun suffisent.
petname = Le nom que vous voulez lui donner
petname-hint = Si vous n’écrivez rien, ce sera le nom sous lequel la personne se présente.
take-it-up = L’accepter
taking-it-up = Son bureau est interrogé. Cela continue de soi-même, même si vous partez.
taken-up = { $name } est désormais un contact.
known-already = Vous aviez déjà accepté cette carte.
card-link-damaged = Ce lien n’est pas entier : copiez-le de nouveau, en totalité.
card-word-count = Une carte a huit mots après l’adresse du bureau ; ici, il y en a { $count }.
word-not-known = « { $word } » n’est pas un mot de carte. Écoutez de nouveau, ou demandez le lien.
hold-the-code = Placez le code dans le cadre.
camera-picture = Ce que voit l’appareil photo
no-camera = Il n’y a pas d’appareil photo ici. Choisissez une image du code, ou collez le lien.
camera-not-allowed = Le navigateur ne nous laisse pas utiliser l’appareil photo. Permettez-le dans ses réglages, ou choisissez une image du code.
camera-busy = Un autre programme utilise l’appareil photo. Fermez-le, ou choisissez une image du code.
no-code-in-picture = Il n’y a pas de code lisible dans cette image.

## Réglages

how-it-looks = Apparence
language = Langue
theme = Thème
theme-auto = Comme l’appareil
theme-light = Clair
theme-dark = Sombre
text-size = Taille du texte
size-small = Petite
size-normal = Normale
size-large = Grande
size-huge = Très grande
being-reached = Être joint
what-notifications-show = Ce que montre une notification
shows-off = Aucune notification
shows-off-hint = Vous verrez ce qui est arrivé en ouvrant l’application.
shows-nothing = Que quelque chose est arrivé
shows-nothing-hint = Ni de qui, ni quoi.
shows-name = De qui
shows-name-hint = Le nom que vous lui donnez, et pas un mot du message.
shows-text = De qui, et le message
shows-text-hint = Qui voit l’écran peut lire.
waking = Réveil
waking-title = Notifications et réveil
waking-hint = Quand l’application est fermée
wake-me = Réveiller cet appareil quand l’application est fermée
wake-reveals = Le service de notification de votre navigateur apprend que quelque chose est arrivé et quand, jamais de qui ni quoi.
waking-impossible = Ce navigateur ne peut pas être réveillé. Sur un iPhone, placez d’abord l’application sur l’écran d’accueil, puis ouvrez-la de là.
last-woken = Dernier réveil
test-the-waking = Essayer le réveil
wake-allowed = Le navigateur permet les notifications.
wake-asked = Votre bureau a envoyé un signal de réveil.
wake-waits = Il n’est pas encore arrivé. Les téléphones qui économisent leur batterie peuvent prendre une minute.
wake-came = Il est arrivé après { $seconds ->
    [one] { $seconds } seconde
   *[other] { $seconds } secondes
}.
wake-lost = Il n’est pas arrivé. Voyez si l’appareil laisse ce navigateur travailler en arrière-plan, puis réessayez.
this-handset = Ce combiné
locks-itself = Se verrouille
locks-after = { $minutes ->
    [1] après une minute
    [60] après une heure
   *[other] après { $minutes } minutes
}
locks-when-closed = seulement quand on le ferme
lock-title = Verrou
lock-now = Verrouiller maintenant
lock-now-hint = Ce qui arrive entre-temps attend à votre bureau.
passphrase-and-passkey = Phrase secrète et clé d’accès
what-opens-it = Ce qui l’ouvre
change-passphrase = Changer la phrase secrète
passphrase-now = La phrase secrète actuelle
the-new-one = La nouvelle
passphrase-changed = La phrase secrète est changée.
add-a-passkey = Ajouter une clé d’accès
add-a-passkey-words = Votre phrase secrète, une fois, pour que personne d’autre n’en ajoute.
passkey-added = La clé d’accès de cet appareil ouvre aussi le combiné.
forget-passkeys = Oublier les clés d’accès
passkeys-count = { $count ->
    [one] { $count } clé ouvre ce combiné.
   *[other] { $count } clés ouvrent ce combiné.
}
forget-passkeys-question = Oublier toutes les clés d’accès ?
forget-passkeys-words = Seule la phrase secrète ouvrira alors ce combiné. Assurez-vous de la connaître.
passkeys-forgotten = Seule la phrase secrète ouvre désormais ce combiné.
back-up = Sauvegarder
backup = Sauvegarde
last-backup = Dernière sauvegarde
first-backup-explained = La première sauvegarde retire de ce combiné une clé, la seule qui permette de rétablir la ligne. Dès lors, qui tient ce combiné ne peut plus vous prendre la ligne. Gardez le fichier et sa phrase secrète séparément.
backup-explained = Les personnes, les conversations et ce qui est convenu. Les fichiers des autres n’y sont pas. Gardez la plus récente.
passphrase-of-backups = Phrase secrète de vos sauvegardes
passphrase-of-backups-hint = Celle que vous avez choisie à la première sauvegarde.
another-backup-passphrase = Choisir désormais une autre phrase secrète
make-a-backup = Faire une sauvegarde
backing-up = Sauvegarde en cours
backing-up-hint = Laissez ceci ouvert jusqu’à ce que le fichier soit enregistré.
backup-made = La sauvegarde est faite : { $people ->
    [one] { $people } personne
   *[other] { $people } personnes
}, { $texts ->
    [one] { $texts } message
   *[other] { $texts } messages
}.
backup-reminder-none = Pas encore de sauvegarde. Un téléphone perdu serait une ligne perdue.
backup-reminder-old = La dernière sauvegarde est du { $time }.
export = Exporter
export-all = Exporter toutes les conversations
export-hint = Des fichiers lisibles, sans aucun chiffrement.
export-question = Tout exporter, en clair ?
export-words = Qui obtient le fichier peut lire tout ce qui s’est dit. Gardez-le là où vous garderiez les papiers eux-mêmes.
export-it = Exporter
exporting = Exportation
exported = L’exportation est enregistrée.
storage = Stockage
of-room = sur environ { $quota } que ce navigateur accorde
files = Fichiers
ask-to-keep = Demander au navigateur de tout garder
storage-hint = Messages, personnes et clés sont chiffrés sur cet appareil ; chaque fichier aussi.
about-the-app = À propos de l’application
version = Entrenous { $version }
version-word = Version
hash-word = Empreinte de l’application
hash-unknown = Elle ne peut pas être consultée sans connexion.
hash-explained = Elle représente chaque fichier de l’application que sert en ce moment le standard de votre bureau. Comparez-la, sur un autre appareil, avec celle qui est publiée pour cette version.
hash-guards = Quand le standard sert une autre application, votre combiné le remarque, garde celle qu’il connaît et vous interroge.
look-again = Regarder de nouveau
about-limits = Qui tient cet appareil ouvert peut lire tout ce qu’il contient. Aucune application n’y peut rien.
erase-handset = Effacer ce combiné
erase-hint = La ligne vit dans sa sauvegarde.
erase-question = Effacer ce combiné ?
erase-words = Tout son contenu disparaît. La ligne vit dans la sauvegarde du { $time } ; ce qui est venu après est perdu.
erase-words-no-backup = Tout son contenu disparaît. Il n’y a pas de sauvegarde : la ligne disparaît avec lui, et il faudra remettre à chacun une nouvelle carte.
erase-word = effacer
type-the-word = Pour continuer, écrivez « { $word } »
erase-all = Tout effacer

## Au-dessus de toute l’application

newer-app = Ce standard sert une application que votre combiné n’a jamais vue. Empreinte publiée :
newer-app-ask = Demandez à votre bureau si elle a changé avant de continuer.
newer-app-title = L’application a changé
newer-app-explained = Une mise à jour se présente exactement ainsi ; une application falsifiée aussi. Comparez l’empreinte avec celle que publient les auteurs. Votre combiné utilise l’application qu’il connaît jusqu’à ce que toutes ses fenêtres soient fermées ; ensuite le navigateur met de lui-même la nouvelle à sa place.
app-of-yours = La vôtre
app-served = Servie à présent
take-the-new-one = Prendre la nouvelle
stay-with-mine = Pas maintenant

## Ce qui n’est pas allé, par code

trouble-already-claimed = Ce combiné a déjà une ligne.
trouble-ambiguous-person = Ce pourrait être plusieurs personnes. Écrivez le nom entier.
trouble-at-limit = Votre bureau n’en garde pas plus pour une ligne. Libérez d’abord quelque chose : reprenez une carte, par exemple.
trouble-backup-damaged = Ce n’est pas la sauvegarde d’une ligne, ou elle est abîmée. Prenez-en une autre copie.
trouble-backup-newer-version = Cette sauvegarde vient d’une version plus récente de l’application. Rechargez l’application quand vous êtes connecté.
trouble-bad-card = Une carte vaut un certain nombre de fois et de jours, mais pas autant.
trouble-bad-expiry = Les messages restent sans limite, un jour, une semaine ou quatre semaines.
trouble-bad-name = Un nom a au moins une lettre, n’est pas trop long, et se voit en entier.
trouble-bad-passkey = Cette clé d’accès ne donne pas de secret qui ouvre un combiné. Utilisez une phrase secrète.
trouble-bad-setting = Le combiné ne garde pas un tel réglage.
trouble-bad-wishes = L’application ne connaît pas ce réglage. Rechargez-la.
trouble-blob-incomplete = L’autre n’a pas encore apporté tout ce fichier. Cela continuera de soi-même.
trouble-blob-unknown = On ne peut plus obtenir ce fichier : son message a été repris, ou son temps est passé.
trouble-blocked = Vous avez bloqué cette personne. Laissez-la entrer de nouveau avant d’écrire.
trouble-browser-refused = Le navigateur ne nous a pas laissé faire. Réessayez.
trouble-camera = L’appareil photo n’a pas répondu. Choisissez une image du code.
trouble-card-before-line = Ceci est une carte. Prenez d’abord votre propre ligne, puis acceptez-la.
trouble-card-expired = Cette carte a expiré. Demandez-en une nouvelle.
trouble-card-not-authentic = Cette carte n’est pas ce qu’elle prétend. Demandez-en une nouvelle, par un autre chemin.
trouble-card-refused = La carte n’était plus valable à son arrivée. Demandez-en une nouvelle et acceptez-la.
trouble-card-revoked = Cette carte a été reprise. Demandez-en une nouvelle.
trouble-card-unknown = Son bureau ne connaît pas cette carte. Revoyez les mots, ou demandez-en une nouvelle.
trouble-card-used-up = Cette carte a déjà servi. Demandez-en une nouvelle.
trouble-claim-refused = Le bureau n’a pas accepté la demande. Demandez-lui un autre lien.
trouble-database = Le stockage du combiné a failli. Rechargez l’application.
trouble-database-busy = Une autre fenêtre tient le stockage du combiné. Fermez-le là-bas et réessayez.
trouble-database-corrupt = Quelque chose sur ce combiné ne peut pas être lu. Rétablissez la ligne d’une sauvegarde.
trouble-database-damaged = Le stockage du combiné est abîmé. Rétablissez la ligne d’une sauvegarde.
trouble-database-failed = Le stockage du combiné a failli. Rechargez l’application.
trouble-database-input-output = Le stockage du combiné ne se laisse ni lire ni écrire. Rechargez l’application.
trouble-database-newer-version = Le contenu de ce combiné vient d’une version plus récente de l’application. Rechargez quand vous êtes connecté.
trouble-database-open-elsewhere = L’application est ouverte dans une autre fenêtre qui ne lâche pas. Fermez-la.
trouble-database-other-application = Ce qui est conservé ici n’est pas un combiné.
trouble-database-unavailable = Le stockage du combiné ne s’ouvre pas. Rechargez l’application.
trouble-database-value = Le combiné ne peut pas garder cela, et reste tel qu’il était.
trouble-database-wrong-key = Cette clé n’ouvre pas le combiné. Rétablissez la ligne d’une sauvegarde.
trouble-disk-full = Il n’y a plus de place sur cet appareil. Faites-en, puis réessayez.
trouble-empty-text = Il n’y a encore rien à envoyer.
trouble-erased = Ce combiné a été effacé entre-temps.
trouble-expiry-same = C’est ce qui vaut déjà, ou ce que vous avez proposé.
trouble-export-failed = L’exportation n’a pas pu être écrite. Rien n’a changé.
trouble-export-too-large = Il y a plus qu’un fichier ne peut contenir. Exportez moins de conversations, depuis le terminal.
trouble-file-broken = Ce fichier n’a pas pu être ouvert. Réessayez.
trouble-file-spoiled = Ce fichier n’est pas arrivé entier. Cherchez-le de nouveau.
trouble-file-too-large = Ce fichier est trop grand, ou son nom trop long. Un fichier peut avoir 100 Mo.
trouble-file-unavailable = Ce fichier ne peut pas être lu, ou a changé entre-temps. Choisissez-le de nouveau.
trouble-fingerprint-mismatch = Derrière cette carte se trouve la ligne d’un autre. Ne l’utilisez pas, et demandez-en une nouvelle par un autre chemin.
trouble-given-up = On y a renoncé entre-temps.
trouble-handset-damaged = La clé de ce combiné est abîmée. Rétablissez la ligne d’une sauvegarde.
trouble-handset-newer-version = Le contenu de ce combiné vient d’une version plus récente de l’application. Rechargez quand vous êtes connecté.
trouble-handset-revoked = Votre bureau a mis ce combiné hors service. Adressez-vous à lui.
trouble-handset-unknown = Votre bureau ne connaît plus ce combiné. La ligne a-t-elle été rétablie sur un autre ?
trouble-invitation-invalid = Ce lien d’attribution a déjà servi, ou a été retiré. Demandez-en un autre à votre bureau.
trouble-line-unknown = Votre bureau ne connaît pas cette ligne. Adressez-vous à lui.
trouble-locked = Le combiné est verrouillé. Ouvrez-le d’abord.
trouble-malformed = L’autre côté a envoyé quelque chose d’illisible. Rien n’a changé.
trouble-mls = Le chiffrement de cette conversation a perdu le pas. Il se refait de lui-même.
trouble-name-taken = Quelqu’un porte déjà ce nom ici. Choisissez-en un autre.
trouble-no-microphone = Il n’y a pas de micro ici, ou le navigateur ne nous laisse pas l’utiliser.
trouble-no-passphrase = Aucune phrase secrète n’ouvre ce combiné. Utilisez la clé d’accès.
trouble-no-push = Le service de notification de ce navigateur n’a pas répondu. Réessayez plus tard.
trouble-no-storage = Ce navigateur ne laisse rien conserver ici.
trouble-no-subscription = Ce navigateur n’a pas donné d’adresse où le réveiller. Éteignez le réveil, puis rallumez-le.
trouble-no-wake-key = Votre bureau n’envoie pas de signaux de réveil.
trouble-not-a-backup = Ce fichier n’est pas la sauvegarde d’une ligne.
trouble-not-a-card = Ce n’est pas une carte. Collez le lien entier, ou donnez l’adresse du bureau et les huit mots.
trouble-not-a-claim-link = Ce n’est pas un lien d’attribution. Copiez tout le lien que votre bureau a envoyé.
trouble-not-a-picture = Ce n’est pas une image lisible.
trouble-not-allowed = Le navigateur ne permet pas les notifications. Permettez-les pour cette adresse dans ses réglages.
trouble-not-an-emoji = Une réaction est un seul émoji.
trouble-not-authentic = Ceci a été altéré en chemin, ou fait par quelqu’un d’autre. Rien n’a changé.
trouble-not-claimed = Ce combiné n’a pas encore de ligne. Prenez-en une avec le lien de votre bureau.
trouble-not-saved = Le navigateur ne l’a pas enregistré. Réessayez.
trouble-not-vouched = Son combiné n’a pas encore confirmé qu’il est le sien. Attendez qu’il l’ait fait, puis comparez de nouveau.
trouble-not-yet = Cette partie de l’application n’est pas encore là.
trouble-not-yours = On ne reprend que ce qu’on a écrit soi-même.
trouble-nothing-proposed = Il n’y a plus de proposition à laquelle répondre.
trouble-offline = Votre bureau ne peut pas être interrogé à présent. Réessayez une fois la connexion rétablie.
trouble-other-office = Ce lien est d’un autre bureau. Ouvrez l’application à l’adresse de ce bureau, puis donnez-y le lien.
trouble-own-card = C’est votre propre carte. Donnez-la à quelqu’un d’autre.
trouble-passkey = Cela n’a donné aucune clé d’accès. Utilisez la phrase secrète, ou réessayez.
trouble-peer-misbehaved = Le bureau a envoyé quelque chose qui n’a pas sa place ici. L’application se reconnecte.
trouble-peer-not-allowed = L’un des deux bureaux n’admet pas l’autre. Adressez-vous au vôtre.
trouble-peer-unreachable = Son bureau n’est pas joignable à présent. Réessayez plus tard.
trouble-protocol-mismatch = Votre bureau et cette application ne se comprennent pas. L’un des deux doit être mis à jour.
trouble-reservation-lapsed = La carte n’a pas été acceptée à temps. Acceptez-la de nouveau.
trouble-restore-waiting = Cette ligne a été rétablie ici, et aucun bureau ne l’a encore reprise. La demande se répète d’elle-même.
trouble-restored-elsewhere = Cette ligne a été rétablie sur un autre combiné. Celui-ci est éteint pour de bon ; son contenu peut être lu.
trouble-same-passphrase = C’est déjà la phrase secrète actuelle. Choisissez-en une autre.
trouble-short-passphrase = Une phrase secrète a huit caractères au moins.
trouble-stale-app = Deux parties de l’application sont de versions différentes. Fermez-la et rouvrez-la.
trouble-stopped = L’application s’est arrêtée. Rechargez-la.
trouble-tab-gone = La fenêtre qui menait a disparu. Réessayez.
trouble-take-spoiled = Cet enregistrement ne peut plus être lu.
trouble-take-too-long = Un message vocal ne dure pas plus longtemps. Envoyez-le, et enregistrez-en un autre.
trouble-text-too-long = Ce message est trop long. Envoyez-le en plusieurs fois.
trouble-too-early = C’était un essai de trop. Attendez un peu avant le prochain.
trouble-too-large = C’est plus grand que ce que permet votre bureau.
trouble-too-many = C’était trop à la fois. Réessayez dans un instant.
trouble-too-many-files = C’est trop de fichiers pour un message. Envoyez-en avec un autre.
trouble-too-many-passkeys = Trop de clés d’accès ouvrent déjà ce combiné. Oubliez-les d’abord.
trouble-too-many-takes = Trop d’enregistrements n’ont pas été envoyés. Envoyez-en ou jetez-en.
trouble-turned-away = Votre bureau n’admet pas ce combiné.
trouble-unavailable = Quelque chose fait obstacle au bureau. Un nouvel essai se fera de lui-même.
trouble-unknown-card = Cette carte n’existe plus.
trouble-unknown-file = Ce fichier n’existe plus : son message a été repris, ou son temps est passé.
trouble-unknown-message = Ce message n’existe plus.
trouble-unknown-person = Il n’y a personne de ce nom ici.
trouble-unknown-take = Cet enregistrement n’existe plus.
trouble-unknown-word = L’un des mots n’est pas un mot de carte. Écoutez de nouveau, ou demandez le lien.
trouble-version-unknown = L’autre bureau parle une version que le vôtre ne connaît pas. L’un des deux doit être mis à jour.
trouble-voice-broken = Ce navigateur ne peut pas lire ce message vocal.
trouble-wrong-backup-passphrase = Ce n’est pas la phrase secrète de la sauvegarde. C’est celle que vous avez choisie à la première sauvegarde.
trouble-wrong-passkey = Cette clé d’accès n’ouvre pas ce combiné. Utilisez la phrase secrète.
trouble-wrong-passphrase = Ce n’est pas la phrase secrète de ce combiné. Réessayez.
