# Everything that the app says, in English: the catalogue that every other one falls back to.
# Few, calm words; full sentences; as a person would say them.

## Parts of the app, and what is everywhere

parts = Parts of the app
conversations = Conversations
people = People
cards = Cards
settings = Settings
back = Back
close = Close
clear = Clear
cancel = Cancel
leave-it = Leave it as it is
undo = Undo
keep = Keep
keep-it = Keep it
later = Later
details = Details
more = More
loading = One moment
load-again = Load again
go-on = Go on
give-up = Give up
paste = Paste
copy = Copy
copied = Copied.
not-copied = The browser did not let us copy it.
list-separator = ,{ " " }
never = never
today = Today
yesterday = Yesterday
rest = Open a conversation, or press Ctrl K to search everything.

## Before the app is open

start-title = A line of your own
start = Entrenous is a direct line between two people. Your office gave you a claim link, on paper or as a code. It works once, on this handset.
claim-link = Claim link
scan = Scan the code
claim-by-link = Claim with the link
have-a-backup = I have a backup
step-of = Step { $step } of { $of }
name-title = What others see
line-at = Your line is with
your-name = Your name
your-name-hint = As the people you talk with know you.
secret-title = What opens this handset
secret = Everything on it is sealed with this. Nobody can set it anew for you, your office neither.
passphrase = Passphrase
once-more = Once more
not-the-same = This is not the same yet.
show-passphrase = Show the passphrase
strength-0 = Eight letters at least.
strength-1 = Easy to guess. Make it longer.
strength-2 = Fair. One more word makes it good.
strength-3 = Good. One more word makes it strong.
strength-4 = Strong.
passkey-name = Entrenous on this handset
passkey-too = Open it with face or finger too
passkey-too-hint = A passkey of this device. The passphrase always works.
claim-the-line = Claim the line
claim-waiting-title = Your office has not answered yet
claim-waiting = The claim waits on this handset and goes out by itself, as soon as your office can be reached.
claimed-title = Your line is yours
storage-kept = This browser keeps what is on the handset until you erase it.
storage-not-kept = This browser may clear the handset when space runs low. Installing the app on the home screen helps, and so does a backup.
no-backup-yet = There is no backup yet. Without one, a lost phone is a lost line.
first-backup = The first backup also takes the key off this handset with which the line can be brought back. Keep the file and its passphrase apart.
backup-now = Make a backup now
backup-later = Later, and remind me
locked = Locked
unlock = Open
unlock-in = Open in { $seconds } s
unlock-by-passkey = Face or finger
next-try = That is not it. The next try is possible in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
}. Nothing is erased.
unusable-no-storage-title = This browser cannot hold a line
unusable-no-storage = It has no private file system for pages, or keeps it shut in private windows. Open this address in an ordinary window of a current Chrome, Firefox or Safari.
unusable-held-title = Something holds your line
unusable-held = Another window or program of this device has the handset open and does not let go. Close it there, then load this again.
unusable-newer-title = This app is older than your line
unusable-newer = What is on this handset was made by a newer version of the app. Load it again while you are connected.
unusable-damaged-title = The handset cannot be read
unusable-damaged = What is stored here is damaged. Your line lives on in its backup: erase the data of this page in the browser, then restore it.
stopped-title = The app has stopped
stopped = Nothing is lost. Load it again to go on.

## Restoring

restore = Restore
restore-title = Bring your line back
restore-explained = From the file of a backup, onto this handset.
choose-a-backup = Choose the backup’s file
backup-passphrase = Passphrase of the backup
restore-new-passphrase = And what shall open this handset from now on:
other-office = The office is another one now
other-office-hint = If the old switchboard is no more, ask the new office for a claim link.
old-handset-off = The old handset is off for good as soon as this one is on.
restoring = Restoring
restoring-hint = Reading the backup. Leave this open.
line-restored = Your line is back, as it was on { $time }, with { $people ->
    [one] one person
   *[other] { $people } people
}.

## The list of conversations

good-morning = Good morning
good-afternoon = Good afternoon
good-evening = Good evening
search-everything = Search everything
hand-out-a-card = Hand out a card
take-up-a-card = Take up a card
nobody-title = Nobody has your number yet
nobody = It is not one number: each person gets a card of their own, which you can take back at any time. Hand out the first one.
offline-since = No connection since { $time }. What you write waits here and goes out by itself.
turned-away = Your office does not let this handset in.
restored-elsewhere = This line was restored on another handset on { $time }. Here you can read what there is; nothing comes or goes any more.
unread = { " " }unread
draft = Draft
asked = You asked to come in. They have not answered yet.
refused = They did not let you in.
blocked = Blocked. Nothing comes through.
nothing-said = Nothing has been said yet.
waits-since = Waiting since { $time }. It goes out again by itself.
waits-offline = Waiting for a connection. It goes out by itself.
waits = Waiting. It goes out by itself.
verified-in-person = Verified in person
verified-by-card = Known by card
not-verified = Not confirmed yet

## A conversation

conversation-with = Conversation with { $name }
conversation-empty = Nothing has been said yet. What you write, only { $name } can read.
between-us = Between us
not-to-be-quoted = not to be quoted
vanishes-after = gone after { $term }
search-here = Search in this conversation
texts = Texts
new-texts = New
to-the-newest = To the newest
text-menu = What to do with this text
you = You
you-said = You:{ " " }
a-text = a text
a-picture = A picture
voice-note = Voice note, { $length }
gone = Taken back
gone-mine = You took this text back.
gone-theirs = { $name } took this text back.
unknown-content = Something that a newer version of this app shows.
reactions = Reactions
reacted = { $name }: { $emoji }
react = React
react-with = React with { $emoji }
reply = Reply
no-reply = Do not reply to this text
unsend = Take it back
unsend-title = Take this text back?
unsend-question = It disappears on both handsets, unless theirs keeps copies that we do not know of. It may have been read.
written-at = Written { $time }.
vanishes-at = Gone on { $time }.
state-waiting = waiting
state-sent = sent
state-delivered = delivered
state-seen = seen
write = Write
between-the-two-of-you = Between the two of you
send = Send
attach = Attach
drop-file = Do not send { $name }
files-to-send = Files that go with it
record = Record a voice note
record-on = Go on recording
record-pause = Pause the recording
record-drop = Throw the recording away
record-send = Stop and send
recorded-so-far = Recorded so far
recording-note = Every second is kept as you speak. A call or a dead battery loses nothing.
left-recording = A voice note of { $length } was not sent.
throw-away = Throw away
blocked-composer = You have blocked this person. Nothing comes or goes.
paused = paused
of-bytes = { $done } of { $of }
file-waits = waiting
file-lost = It can no longer be had.
file-refused = Your office does not take the file { $name }.
file-refused-here = Your office does not take this file.
fetch-file = Fetch this file
pause-file = Pause
go-on-with-file = Go on
save-file = Save
show-picture = Show the picture { $name }
play-voice = Play, voice note, { $length }
pause-voice = Pause, voice note, { $length }
place-in-voice = Where in the voice note
speed = Speed: { $times }×

## How long texts stay

term-off = for good
term-1d = a day
term-1w = a week
term-4w = four weeks
term-unknown = as was proposed
expiry-proposed-mine = You proposed that texts stay { $term }. { $name } has not answered yet.
expiry-proposed-theirs = { $name } proposes that texts stay { $term }, on both handsets.
expiry-accepted-mine = You agreed: texts stay { $term }.
expiry-accepted-theirs = { $name } agreed: texts stay { $term }.
expiry-declined-mine = You would rather keep it as it is.
expiry-declined-theirs = { $name } would rather keep it as it is.
expiry-withdrawn-mine = You took your proposal back.
expiry-withdrawn-theirs = { $name } took the proposal back.
accept = Accept
keep-as-is = Keep as is
take-it-back = Take it back
how-long-texts-stay = How long texts stay
texts-stay = Texts stay
expiry-explained = It holds for both of you, for what is written from then on, and once the other side agrees. Afterwards texts are gone from both handsets.
propose = Propose it

## Lines that no side wrote

notice-restored = Restored from a backup of { $time }, on a new handset. { $name } sends again what they wrote since; what you wrote since is only on their side.
notice-contact-restored = { $name } uses a new handset, restored from a backup. What you verified still holds. If you agreed lately on how long texts stay, agree again.
notice-needs-card = This handset knows no way to { $name }. Ask for a new card, or hand out one of yours.
notice-out-of-service = { $name }’s office took their handset out of service on { $time }.
notice-back-in-service = { $name }’s office let their handset in again on { $time }.
notice-over-before-it-came = What { $name } wrote here was over before it came, as the two of you agreed.
notice-founded-again = The connection was made anew, with fresh keys. Nothing is lost.
notice-card-used-up = { $name } could not be reached: the card was used up. Ask for a new one.
notice-card-revoked = { $name } could not be reached: the card was taken back. Ask for a new one.
notice-card-expired = { $name } could not be reached: the card’s time was over. Ask for a new one.
notice-card-unknown = { $name } could not be reached: their office does not know the card. Ask for a new one.
notice-reservation-lapsed = { $name } could not be reached: the card was not taken up in time. Ask for a new one.
notice-not-reached = { $name } could not be reached by this card. Ask for a new one.
office-silent = Their office has not confirmed anything since { $time }. It goes out again by itself.
office-withholds = Their office took what you sent at { $time } and has not passed it on yet.
handset-silent = Their office has what you sent at { $time }. Their handset has not confirmed it; it may be off.

## Announcing

arrived-from = { $name } wrote to you.
wrote-to-you = wrote to you
sent-a-file = sent a file
something-waits = Something is waiting.
a-call-waits = A call.
clock-off = The clock of this device is off by { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
}. Times may look wrong until it is set.

## Search

search = Search
search-hint = Words of texts, in any conversation.
search-everywhere = Search everywhere
nothing-found = Nothing has all of these words.
found = { $count ->
    [one] One text
   *[other] { $count } texts
}{ $more ->
    [0] , newest first
   *[other] {" "}and more, newest first
}
found-texts = Found

## People

your-people = Your people
blocked-people = Blocked
asking-to-come-in = Asking to come in
asks-by-card = With the card “{ $card }”, { $time }. You asked to be asked.
admit = Admit
refuse = Refuse
admitted = { $name } is let in.
not-admitted = { $name } is not let in.
asked-since = asked { $time } · not let in yet
by-card-compare = by card · compare safety words
not-confirmed-yet = Not confirmed yet
known-by-card = Known by card. Compare safety words when you meet.
person = Person
calls-self = Calls themselves “{ $name }”
write-a-text = Write
rename = Rename
rename-title = What you call them
name-here = Name on this handset
name-here-hint = Only you see it.
came-in-by = Came in by
by-your-card = your card “{ $card }”
by-their-card = their card
since = Since
between-you = Between you
safety-words = Safety words
compared = compared
to-be-compared = to be compared
block = Block
block-hint = Nothing of theirs comes through. To them it looks like a handset that is off.
unblock = Let them in again
unblock-hint = What they write comes through again.
blocked-now = { $name } is blocked.
unblocked-now = { $name } is let in again.
remove = Remove
remove-person = Remove { $name }
remove-hint = The conversation goes from this handset too.
remove-question = Remove { $name }?
remove-words = They are no contact any more, and everything you said to each other goes from this handset. To come back, one of you hands the other a new card.
removed = { $name } is removed.
compare-title = Read these words to each other
compare = Face to face, or at least hearing a voice you would know anywhere. Both handsets must show the same ten, in this order.
a-voice-can-be-copied = A voice can be copied. If anything feels wrong, compare again when you meet.
scan-theirs = Scan theirs
show-mine = Show mine
show-mine-hint = The other handset scans this: on the page of safety words, “Scan theirs”.
safety-words-code = The safety words as a QR code
not-safety-words = This code has no safety words in it.
they-are-the-same = They are the same
they-differ = They differ
verified-now = { $name } is verified in person.
differ-title = The words differ
differ = Then somebody else’s keys are between you, or one of you has two lines. Say nothing on this line that others must not know. Block it, and hand over a new card face to face.

## Cards

a-card = A card
cards-open = Open cards
cards-over = Over
cards-counted = { $open } open, { $over } over
no-cards-title = No card is out
no-cards = A card is a private number for one person. You see who came in by it, and can take it back.
card-open = open
card-used = used
card-expired = expired
card-revoked = taken back
card-nobody-yet = { $uses ->
    [1] Good for once. Nobody has taken it up yet.
   *[other] Good for { $uses } times. Nobody has taken it up yet.
}
card-nobody = Nobody took it up.
card-taken-by = { $of ->
    [1] Taken up by { $people }.
   *[other] { $taken } of { $of } taken up, by { $people }.
}
card-asks-first = Asks first.
card-until = Until { $time }.
card-not-stored = It can be taken up as soon as your office has it. That happens by itself once you are connected.
card-explained = A private number for one person. You can take it back, and you always see who came in by it.
for-whom = For whom
for-whom-hint = Only you see this.
how-often = How often it can be taken up
times = { $count ->
    [1] Once
   *[other] { $count } times
}
good-for = Good for
days = { $count ->
    [1] A day
    [7] A week
    [365] A year
   *[other] { $count } days
}
whoever-takes-it = Whoever takes it up
comes-in-at-once = comes in at once
comes-in-at-once-hint = For a card that you hand over yourself.
asks-first = asks first, and you decide
asks-first-hint = For a card that goes through other hands.
make-the-card = Make the card
your-number-for = Your number, for { $name }
until = until { $time }
card-as-code = The card as a QR code
or-say = or say
and-the-words = and
copy-the-link = Copy the link
hand-it-over = Hand it over
card-to-share = A private number
take-card-back = Take it back
take-back-question = Take this card back?
take-back-words = Nobody can take it up any more.
take-back-words-taken = Nobody else can take it up any more. Whoever came in by it stays; block or remove them under People.
card-taken-back = The card is taken back.

## Taking up a card

take-up-explained = Somebody gave you their number: as a code, a link, or eight words.
paste-a-link = Paste a link
from-a-picture = From a picture
card-link = The card’s link
or-by-words = Or by words: their office
and-eight-words = and the eight words
words-hint = The first four letters of each are enough.
petname = What you want to call them
petname-hint = If you leave this empty, it is the name that they gave themselves.
take-it-up = Take it up
taking-it-up = Their office is being asked. This goes on by itself, even if you leave.
taken-up = { $name } is a contact now.
known-already = You had taken this card up before.
card-link-damaged = This link is not whole: copy it again, all of it.
card-word-count = A card has eight words after the office’s address; here { $count ->
    [one] is one
   *[other] are { $count }
}.
word-not-known = “{ $word }” is not a word that a card can have. Listen again, or ask for the link.
hold-the-code = Hold the code into the frame.
camera-picture = What the camera sees
no-camera = There is no camera here. Choose a picture of the code, or paste the link.
camera-not-allowed = The browser does not let us use the camera. Allow it in the browser’s settings, or choose a picture of the code.
camera-busy = Another program has the camera. Close it there, or choose a picture of the code.
no-code-in-picture = There is no code to be read in this picture.

## Settings

how-it-looks = How it looks
language = Language
theme = Theme
theme-auto = As the device
theme-light = Light
theme-dark = Dark
text-size = Text size
size-small = Small
size-normal = Normal
size-large = Large
size-huge = Huge
being-reached = Being reached
what-notifications-show = What a notification shows
shows-off = No notifications
shows-off-hint = You see what came when you open the app.
shows-nothing = That something came
shows-nothing-hint = Neither from whom nor what.
shows-name = From whom
shows-name-hint = The name as you gave it, and no word of the text.
shows-text = From whom, and the text
shows-text-hint = Whoever sees the screen can read along.
waking = Waking
waking-title = Notifications and waking
waking-hint = When the app is closed
wake-me = Wake this device when the app is closed
wake-reveals = Your browser’s push service learns that something came and when, never from whom or what.
waking-impossible = This browser cannot be woken. On an iPhone, put the app on the home screen first, then open it there.
last-woken = Last woken
test-the-waking = Test the waking
wake-allowed = The browser allows notifications.
wake-asked = Your office has sent a wake-up.
wake-waits = It has not arrived yet. Phones that save power may take a minute.
wake-came = It arrived after { $seconds ->
    [one] a second
   *[other] { $seconds } seconds
}.
wake-lost = It did not arrive. Look whether the device lets this browser run in the background, and test again.
this-handset = This handset
locks-itself = Locks itself
locks-after = { $minutes ->
    [1] after a minute
    [60] after an hour
   *[other] after { $minutes } minutes
}
locks-when-closed = only when it is closed
lock-title = Lock
lock-now = Lock now
lock-now-hint = What comes meanwhile waits at your office.
passphrase-and-passkey = Passphrase and passkey
what-opens-it = What opens it
change-passphrase = Change the passphrase
passphrase-now = The passphrase as it is
the-new-one = The new one
passphrase-changed = The passphrase is changed.
add-a-passkey = Add a passkey
add-a-passkey-words = Your passphrase, once, so that nobody else adds one.
passkey-added = This device’s passkey opens the handset too.
forget-passkeys = Forget the passkeys
passkeys-count = { $count ->
    [one] One opens this handset.
   *[other] { $count } open this handset.
}
forget-passkeys-question = Forget all passkeys?
forget-passkeys-words = Then only the passphrase opens this handset. Be sure that you know it.
passkeys-forgotten = Only the passphrase opens this handset now.
back-up = Back up
backup = Backup
last-backup = Last backup
first-backup-explained = The first backup takes a key off this handset with which alone the line can be brought back. From then on, whoever has this handset cannot take the line from you. Keep the file and its passphrase apart.
backup-explained = People, conversations and what is agreed. Files of others are not in it. Keep the newest one.
passphrase-of-backups = Passphrase of your backups
passphrase-of-backups-hint = The one that you chose with the first backup.
another-backup-passphrase = Choose another passphrase from now on
make-a-backup = Make a backup
backing-up = Making the backup
backing-up-hint = Leave this open until the file is saved.
backup-made = The backup is made: { $people ->
    [one] one person
   *[other] { $people } people
}, { $texts ->
    [one] one text
   *[other] { $texts } texts
}.
backup-reminder-none = No backup yet. A lost phone would be a lost line.
backup-reminder-old = The last backup is of { $time }.
export = Export
export-all = Export all conversations
export-hint = Readable files, with nothing encrypted.
export-question = Export everything, readable?
export-words = Whoever gets the file can read all that was said. Keep it where you would keep the papers themselves.
export-it = Export it
exporting = Exporting
exported = The export is saved.
storage = Storage
of-room = of about { $quota } that this browser grants
files = Files
ask-to-keep = Ask the browser to keep it
storage-hint = Texts, people and keys are encrypted on this device; so is every file.
about-the-app = About the app
version = Entrenous { $version }
version-word = Version
hash-word = Hash of the app
hash-unknown = It cannot be looked up without a connection.
hash-explained = It stands for every file of the app that your office’s switchboard serves now. Compare it with the one that is published for this version, on another device.
hash-guards = When the switchboard serves another app, your handset notices, keeps the one that it knows, and asks you.
look-again = Look again
about-limits = Whoever has this device open can read everything on it. No app can change that.
erase-handset = Erase this handset
erase-hint = The line lives on in its backup.
erase-question = Erase this handset?
erase-words = Everything on it goes. The line lives on in the backup of { $time }; what came after it is lost.
erase-words-no-backup = Everything on it goes. There is no backup: the line goes with it, and everybody needs a new card from you.
erase-word = erase
type-the-word = To go on, type “{ $word }”
erase-all = Erase everything

## Over the whole app

newer-app = This switchboard serves an app that your handset has not seen. Published hash:
newer-app-ask = Ask your office whether it changed before you go on.
newer-app-title = The app has changed
newer-app-explained = An update looks just like this, and so would a tampered app. Compare the hash with the one that the makers publish. Your handset runs the app that it knows until all of its windows are closed; after that the browser puts the new one in its place by itself.
app-of-yours = Yours
app-served = Served now
take-the-new-one = Take the new one
stay-with-mine = Not now

## What went wrong, by its code

trouble-already-claimed = This handset has a line already.
trouble-ambiguous-person = That could be more than one person. Write the whole name.
trouble-at-limit = Your office keeps no more than this for one line. Give something up first: take a card back, say.
trouble-backup-damaged = This is no backup of a line, or it is damaged. Use another copy of it.
trouble-backup-newer-version = This backup was made by a newer version of the app. Load the app again while you are connected.
trouble-bad-card = A card is good for some uses and some days, not for so many.
trouble-bad-expiry = Texts stay for good, a day, a week or four weeks.
trouble-bad-name = A name has at least one letter and is not too long, and all of it can be seen.
trouble-bad-passkey = This passkey gives no secret to open a handset with. Use a passphrase.
trouble-bad-setting = The handset does not keep such a setting.
trouble-bad-wishes = The app does not know this setting. Load it again.
trouble-blob-incomplete = The other side has not brought all of this file yet. It goes on by itself.
trouble-blob-unknown = This file can no longer be had: its text was taken back, or its time is over.
trouble-blocked = You have blocked this person. Let them in again before you write.
trouble-browser-refused = The browser did not let us. Try again.
trouble-camera = The camera did not answer. Choose a picture of the code.
trouble-card-before-line = This is a card. Claim your own line first, then take it up.
trouble-card-expired = This card’s time is over. Ask for a new one.
trouble-card-not-authentic = This card is not what it says. Ask for a new one, in another way.
trouble-card-refused = The card was not good any more when it arrived. Ask for a new one and take it up.
trouble-card-revoked = This card was taken back. Ask for a new one.
trouble-card-unknown = Their office does not know this card. Look at the words again, or ask for a new one.
trouble-card-used-up = This card was used up already. Ask for a new one.
trouble-claim-refused = The office did not take the claim. Ask it for another link.
trouble-database = The handset’s storage failed. Load the app again.
trouble-database-busy = The handset’s storage is held by another window. Close it there and try again.
trouble-database-corrupt = Something on this handset cannot be read. Restore the line from its backup.
trouble-database-damaged = The handset’s storage is damaged. Restore the line from its backup.
trouble-database-failed = The handset’s storage failed. Load the app again.
trouble-database-input-output = The handset’s storage cannot be read or written. Load the app again.
trouble-database-newer-version = What is on this handset was made by a newer version of the app. Load it again while you are connected.
trouble-database-open-elsewhere = The app is open in another window that does not let go. Close it there.
trouble-database-other-application = What is stored here is not a handset’s.
trouble-database-unavailable = The handset’s storage cannot be opened. Load the app again.
trouble-database-value = The handset cannot keep this, and is as it was.
trouble-database-wrong-key = This key does not open the handset. Restore the line from its backup.
trouble-disk-full = There is no room left on this device. Make some, then try again.
trouble-empty-text = There is nothing to send yet.
trouble-erased = This handset was erased meanwhile.
trouble-expiry-same = That is what holds already, or what you proposed.
trouble-export-failed = The export could not be written. Nothing has changed.
trouble-export-too-large = There is more than one file can hold. Export fewer conversations, with the terminal.
trouble-file-broken = This file could not be opened. Try again.
trouble-file-spoiled = This file did not come whole. Fetch it again.
trouble-file-too-large = This file is too large, or its name too long. A file may have 100 MB.
trouble-file-unavailable = This file cannot be read, or changed meanwhile. Choose it again.
trouble-fingerprint-mismatch = Somebody else’s line is behind this card. Do not use it, and ask for a new one in another way.
trouble-given-up = It was given up meanwhile.
trouble-handset-damaged = This handset’s key is damaged. Restore the line from its backup.
trouble-handset-newer-version = What is on this handset was made by a newer version of the app. Load it again while you are connected.
trouble-handset-revoked = Your office took this handset out of service. Ask your office.
trouble-handset-unknown = Your office does not know this handset any more. Was the line restored on another one?
trouble-invitation-invalid = This claim link was used already, or withdrawn. Ask your office for another one.
trouble-line-unknown = Your office does not know this line. Ask your office.
trouble-locked = The handset is locked. Open it first.
trouble-malformed = The other side sent something that cannot be read. Nothing has changed.
trouble-mls = The encryption of this conversation got out of step. It is made anew by itself.
trouble-name-taken = Somebody here has this name already. Choose another one.
trouble-no-microphone = There is no microphone here, or the browser does not let us use it.
trouble-no-passphrase = No passphrase opens this handset. Use the passkey.
trouble-no-push = This browser’s push service did not answer. Try again later.
trouble-no-storage = This browser does not let the app store anything here.
trouble-no-subscription = This browser gave no address to be woken at. Switch the waking off and on again.
trouble-no-wake-key = Your office does not send wake-ups.
trouble-not-a-backup = This file is no backup of a line.
trouble-not-a-card = This is not a card. Paste the whole link, or give the office’s address and the eight words.
trouble-not-a-claim-link = This is not a claim link. Copy all of the link that your office sent.
trouble-not-a-picture = This is no picture that can be read.
trouble-not-allowed = The browser does not allow notifications. Allow them for this address in its settings.
trouble-not-an-emoji = A reaction is one emoji.
trouble-not-authentic = This was altered on the way, or made by somebody else. Nothing has changed.
trouble-not-claimed = This handset has no line yet. Claim one with the link from your office.
trouble-not-saved = The browser did not save it. Try again.
trouble-not-vouched = Their handset has not confirmed yet that it is theirs. Wait until it has, then compare again.
trouble-not-yet = This part of the app is not there yet.
trouble-not-yours = Only what you wrote yourself can be taken back.
trouble-nothing-proposed = There is no proposal to answer any more.
trouble-offline = Your office cannot be asked now. Try again when you are connected.
trouble-other-office = This link is of another office. Open the app at that office’s address, then give the link there.
trouble-own-card = This is your own card. Give it to somebody else.
trouble-passkey = No passkey came of that. Use the passphrase, or try again.
trouble-peer-misbehaved = The office sent something that does not belong here. The app connects again.
trouble-peer-not-allowed = One of the two offices does not allow the other. Ask your office.
trouble-peer-unreachable = Their office cannot be reached now. Try again later.
trouble-protocol-mismatch = Your office and this app do not understand each other. One of the two needs an update.
trouble-reservation-lapsed = The card was not taken up in time. Take it up again.
trouble-restore-waiting = This line was restored here, and no office has taken it yet. It is asked again by itself.
trouble-restored-elsewhere = This line was restored on another handset. This one is off for good; what it has can be read.
trouble-same-passphrase = This is the passphrase that holds already. Choose another one.
trouble-short-passphrase = A passphrase has eight letters at least.
trouble-stale-app = Two parts of the app are of different versions. Close it and open it again.
trouble-stopped = The app has stopped. Load it again.
trouble-tab-gone = The window that led is gone. Try again.
trouble-take-spoiled = This recording cannot be read any more.
trouble-take-too-long = A voice note does not last longer than this. Send it, and record another one.
trouble-text-too-long = This text is too long. Send it in parts.
trouble-too-early = That was a wrong passphrase too many. Wait a little before the next try.
trouble-too-large = This is larger than your office allows.
trouble-too-many = That was too much at once. Try again in a moment.
trouble-too-many-files = These are too many files for one text. Send some with another one.
trouble-too-many-passkeys = So many passkeys open this handset already. Forget them first.
trouble-too-many-takes = There are too many recordings that were not sent. Send or throw away some of them.
trouble-turned-away = Your office does not let this handset in.
trouble-unavailable = Something is in the way at the office. It is tried again by itself.
trouble-unknown-card = There is no such card any more.
trouble-unknown-file = There is no such file any more: its text was taken back, or its time is over.
trouble-unknown-message = There is no such text any more.
trouble-unknown-person = There is nobody of that name here.
trouble-unknown-take = There is no such recording any more.
trouble-unknown-word = One of the words is none that a card can have. Listen again, or ask for the link.
trouble-version-unknown = The other office speaks a version that yours does not know. One of the two needs an update.
trouble-voice-broken = This voice note cannot be heard in this browser.
trouble-wrong-backup-passphrase = This is not the passphrase of the backup. It is the one that you chose with the first backup.
trouble-wrong-passkey = This passkey does not open this handset. Use the passphrase.
trouble-wrong-passphrase = This is not the passphrase of this handset. Try again.
