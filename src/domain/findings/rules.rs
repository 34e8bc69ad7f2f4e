//! The table of rules.

use super::Severity;
use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $severity:ident {
        title: $title:literal, short: $short:literal, what: $what:literal, why: $why:literal, remedy: $remedy:literal, source: $source:literal,
    })*) => {
        /// Names a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId {
            $($(#[$doc])* $id,)*
        }

        /// Every rule, in the order of the documentation.
        pub static RULES: &[Rule] = &[
            $(Rule {
                id: RuleId::$id,
                name: $name,
                severity: Severity::$severity,
                title: $title,
                short: $short,
                what: $what,
                why: $why,
                remedy: $remedy,
                source: $source,
            },)*
        ];
    };
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Names it in the program.
    pub id: RuleId,
    /// Names it everywhere else; stable.
    pub name: &'static str,
    /// How bad it usually is.
    pub severity: Severity,
    /// A few words.
    pub title: &'static str,
    /// What is wrong with the key, behind its name.
    pub short: &'static str,
    /// What it looks at, and when it fires.
    pub what: &'static str,
    /// Why it hurts.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where the claim comes from.
    pub source: &'static str,
}

impl RuleId {
    /// The rule itself.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        self.rule().name
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<Self> {
        RULES.iter().find(|r| r.name == name).map(|r| r.id)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

rules! {
    /// Expected and absent.
    Missing = "missing", Error {
        title: "expected key missing",
        short: "missing",
        what: "The call passed the milestone of an expectation and no participant has the key. On the screens also: it ended the flow without a key that the flow's version lost, for as long as presence-drop stands. A call that also lacks another key that about as many calls of the version before had is left out: what kept that away (a lookup that timed out) may have kept this one away before, too. The alert for missed milestones rings for expectations alone.",
        why: "What reads the key next (the script, the routing, the report) gets nothing.",
        remedy: "Look at the call's history: did the flow take a branch that does not set the key (a lookup that timed out, a default output)? Set it on every branch, or set it now with an edit.",
        source: "what calls are expected to have",
    }
    /// Came after its milestone.
    Late = "late", Warn {
        title: "expected key set late",
        short: "set late",
        what: "The key appeared, but only after the call had passed the milestone of its expectation.",
        why: "What ran at the milestone (a decision, a screen pop) did not see it.",
        remedy: "Set the key earlier in the flow, or expect it later.",
        source: "what calls are expected to have; times as observed",
    }
    /// On another participant than expected.
    WrongParticipant = "wrong-participant", Error {
        title: "key on the wrong participant",
        short: "on the wrong participant",
        what: "A participant has a key that is expected on another one, which lacks it. Without an expectation: a key that other calls have on the customer. It is an error once the milestone has passed; a warning before, for a value that need not be there, on an earlier customer who has left, and without an expectation; a remark on an earlier customer who is on the call still.",
        why: "Architect and scripts read participant data of the customer; each participant has attributes of its own.",
        remedy: "Address the PATCH to the participant whose purpose is customer, and copy the value there for this call.",
        source: "Genesys Cloud Resource Center: Set Participant Data (data is attached to the caller or recipient)",
    }
    /// Differs only in upper and lower case.
    CaseMismatch = "case-mismatch", Warn {
        title: "two spellings of one key",
        short: "in two spellings",
        what: "A key differs from an expected key, from another key of the call, or from a key of other calls, in nothing but upper and lower case.",
        why: "Attribute names are case-sensitive: they are two keys with two values, and each reader sees one of them.",
        remedy: "Agree on one spelling, and correct the flow or program that writes the other.",
        source: "Genesys Cloud Resource Center: Set Participant Data, Get Participant Data (names are case-sensitive)",
    }
    /// Nearly an expected key, or spelled with something invisible.
    NearMiss = "near-miss", Warn {
        title: "key nearly like another one",
        short: "nearly like another key",
        what: "A key is a slip of the pen away from an absent expected key, equals a sibling but for spaces, hyphens and underscores, or holds spaces at its ends, invisible characters or letters of another script that look alike.",
        why: "Names match exactly or not at all, and the difference cannot be seen in most tools.",
        remedy: "Type the key again in the flow or program that writes it; do not paste it from a document.",
        source: "spelling as observed",
    }
    /// A wrapper object where a value should be.
    WrappedPayload = "wrapped-payload", Warn {
        title: "payload still in its wrapper",
        short: "still in its wrapper",
        what: "A value is a JSON object with an object under data or attributes, or a key is itself such a wrapper.",
        why: "The attributes route takes {\"attributes\": {key: value}} and stores what is inside as it is; one wrapper too many becomes the value.",
        remedy: "Send the flat object under attributes once; sidetone lint --fix prints the right payload.",
        source: "Genesys Cloud API: ParticipantAttributes (strings by key)",
    }
    /// A template that nobody filled in.
    UnresolvedTemplate = "unresolved-template", Warn {
        title: "template not filled in",
        short: "template not filled in",
        what: "A value holds {{…}} or ${…}, or is one of undefined, null, NOT_SET, NaN and [object Object].",
        why: "The program that should have put a value there found none, and wrote the name of the hole instead.",
        remedy: "Look at the step that writes the key: is the variable it names set on every path? Genesys Cloud itself does not expand such templates in participant data.",
        source: "values as observed; no source shows the platform expanding them",
    }
    /// A value that was not a JSON string.
    NotAString = "not-a-string", Warn {
        title: "value not a string",
        short: "not a string",
        what: "A value was sent as a number, true or false, null, an object or an array.",
        why: "Participant attributes are strings by their schema; what a reader makes of anything else is not documented.",
        remedy: "Turn the value into a string before it is sent.",
        source: "Genesys Cloud API: ParticipantAttributes (strings by key)",
    }
    /// Not written as the expectation wants.
    WrongType = "wrong-type", Error {
        title: "value not of the expected type",
        short: "of another type than expected",
        what: "After the milestone of its expectation the value is not written as the type says (number, boolean, date, json).",
        why: "A conversion in the flow or script fails, or takes its default.",
        remedy: "Correct the step that writes the key, or the expectation.",
        source: "what calls are expected to have",
    }
    /// Not one of the expected values.
    NotAllowedValue = "not-allowed-value", Error {
        title: "value none of those expected",
        short: "none of the values expected",
        what: "After the milestone of its expectation the value is not in one_of, or does not match the pattern.",
        why: "Decisions that compare with the expected values take the default branch.",
        remedy: "Correct the step that writes the key, or the expectation.",
        source: "what calls are expected to have",
    }
    /// Nothing in it.
    Blank = "blank", Info {
        title: "empty value",
        short: "empty",
        what: "A key was set to an empty text or to spaces only, without having had a value before; an error where the key is required.",
        why: "The key looks present and says nothing: a test for absence does not notice.",
        remedy: "Set a value, or do not set the key. There is no documented way to remove one, so a key that was set to empty after having had a value is not reported.",
        source: "values as observed",
    }
    /// Longer than a bot flow can write.
    TooLong = "too-long", Info {
        title: "value longer than a bot flow can write",
        short: "too long for a bot flow",
        what: "On a call with a bot flow, a value has more than 256 characters.",
        why: "Set Participant Data of bot flows takes values of up to 256 characters. The limit is theirs alone; none is published for call flows or for the API.",
        remedy: "Keep values that a bot flow is to write within 256 characters.",
        source: "Genesys Cloud Resource Center: Set Participant Data action for bot flows",
    }
    /// More keys than a bot flow can write.
    TooMany = "too-many", Info {
        title: "more keys than a bot flow can write",
        short: "too many keys for a bot flow",
        what: "On a call with a bot flow, the customer has more than 50 keys.",
        why: "Set Participant Data of bot flows takes up to 50 attributes. The limit is theirs alone; none is published for call flows or for the API.",
        remedy: "Combine what belongs together, or write from the call flow.",
        source: "Genesys Cloud Resource Center: Set Participant Data action for bot flows",
    }
    /// A key that scripts cannot read.
    DottedKey = "dotted-key", Info {
        title: "key with a dot: scripts cannot read it",
        short: "with a dot: scripts cannot read it",
        what: "A key outside the platform's own families (context., ivr.) and the agent panel's (conversationDetails.participantData.) holds a dot.",
        why: "Architect reads such keys, agent scripts do not.",
        remedy: "If a script needs the value, write it under a key without a dot.",
        source: "Genesys Cloud developer blog, 8 March 2021 (scripts do not support names with a dot)",
    }
    /// The operator's value was replaced.
    Overwritten = "overwritten", Warn {
        title: "your value was replaced",
        short: "replaced",
        what: "A value that you set and that was seen has another value now. No payload names a writer, so none is claimed.",
        why: "Someone or something else writes the same key.",
        remedy: "Look at the key's history for what was observed, find the other writer, then set the value again.",
        source: "history as observed",
    }
    /// Two values taking turns.
    Flapping = "flapping", Warn {
        title: "value flips back and forth",
        short: "flips back and forth",
        what: "A key returned to its previous value at least four times running, each time within half a second.",
        why: "Two writers disagree, and who reads gets either.",
        remedy: "Find the two writers; let one of them own the key.",
        source: "history as observed",
    }
    /// A flow put its own value back.
    FlowWroteBack = "flow-wrote-back", Warn {
        title: "flow wrote its own value back when it ended",
        short: "reverted by its flow",
        what: "A value that changed while a flow was running went back to what it was, or replaced your edit, as the flow ended.",
        why: "A voice flow keeps its own list of the attributes it has set or read, and writes it when it ends; so does a workflow that has got the value and saves it. A workflow that was triggered is no participant: nothing on the call shows that it runs.",
        remedy: "Send the edit when the flow has ended, or let the flow set the value.",
        source: "Genesys Cloud Resource Center: Get Participant Data action (the value set by the flow overwrites the value in the cloud)",
    }
    /// Gone with a transfer.
    LostOnTransfer = "lost-on-transfer", Warn {
        title: "key vanished on a transfer",
        short: "vanished on a transfer",
        what: "A key with a value disappeared within three seconds of another participant joining.",
        why: "The next agent, script or flow does not see what the last one knew.",
        remedy: "Look for a writer that replaces all attributes instead of adding keys to them; the history has the value to restore.",
        source: "history as observed",
    }
    /// Changed when the call was over.
    SetAfterEnd = "set-after-end", Warn {
        title: "key changed after the end of the call",
        short: "changed after the end",
        what: "An attribute changed more than a second after the end of the conversation was observed.",
        why: "Analytics does not save attributes that are set after the conversation completes.",
        remedy: "Write what reports need while the call lives.",
        source: "Genesys Cloud Resource Center: Set Participant Data (analytics)",
    }
    /// Accepted by the API, never seen.
    AcceptedButUnseen = "accepted-but-unseen", Error {
        title: "edit accepted and not seen",
        short: "accepted, not seen",
        what: "The API accepted your edit, and no event or read showed the value within the confirmation time.",
        why: "202 means accepted, not done.",
        remedy: "Check the participant and the route; if a voice flow is running, wait for its end. Read the call again before sending again.",
        source: "Genesys Cloud API: PATCH …/participants/{participantId}/attributes answers 202",
    }
    /// Edited while a flow may write back.
    EditedDuringVoiceFlow = "edited-during-voice-flow", Info {
        title: "edit sent while a voice flow is running",
        short: "edited while a flow runs",
        what: "You edited a key while an ivr participant is connected. Gone when the flow has ended.",
        why: "When the flow ends, values that it set or read overwrite those in the cloud.",
        remedy: "Send edits of keys that the flow uses when the flow ends.",
        source: "Genesys Cloud Resource Center: Get Participant Data action",
    }
    /// Looks like somebody's personal data.
    PersonalDataInClear = "personal-data-in-clear", Warn {
        title: "personal data unmasked",
        short: "personal data unmasked",
        what: "A value looks like a card number (known range and Luhn digit), a national id, an e-mail address or a telephone number. Addresses that the call itself shows, and the platform's own keys, do not count. E-mail addresses and telephone numbers are info only.",
        why: "Anyone who may read the conversation sees attributes, and analytics keeps them.",
        remedy: "Keep a reference instead of the value, or use secure attributes; do not take card data into participant data at all.",
        source: "Genesys Cloud API: secure attributes have a permission of their own, participant attributes have none",
    }
    /// An edit of a key that the platform writes.
    SystemPrefixEdited = "system-prefix-edited", Warn {
        title: "edit of a key that the platform writes",
        short: "edited, and the platform's own",
        what: "You edited a key that begins with context. or ivr.",
        why: "The platform's messenger and flows write and read these keys; they are not documented as reserved, nor as yours.",
        remedy: "Undo the edit unless you know who reads the key.",
        source: "Genesys Cloud developer blog, 8 March 2021",
    }
    /// A new flow version lost a key.
    PresenceDrop = "presence-drop", Error {
        title: "key missing since a new flow version",
        short: "missing since a new version",
        what: "The share of calls that have the key when their flow ends fell after a new version of the flow was published: a sequential test against the version before, with one false alarm in a million calls. Told once for a version, on a call without the key, by 'sidetone collect', and on the screens where there is a history to compare with.",
        why: "The new version no longer sets the key, on some of its paths or on all, and every call that takes one of them arrives without.",
        remedy: "Compare the two versions ('sidetone flow diff'): which action no longer sets the key, or which path no longer leads to it? 'sidetone since' names the first call without it.",
        source: "calls as observed; docs/history.md says how they are compared",
    }
}
