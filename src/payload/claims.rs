//! What is said about participant data in tutorials and threads, and what is known of it.
//!
//! Each claim is recognised in the text around a payload, never in its values: a value may be any text. What no official
//! source settles is information at most.

use crate::domain::findings::Severity;
use regex::Regex;
use std::sync::LazyLock;

/// One claim in circulation.
pub struct Claim {
    /// The rule that answers it.
    pub rule: &'static str,
    /// How grave it is to follow it.
    pub severity: Severity,
    /// The claim, in short.
    pub claim: &'static str,
    /// What recognises it.
    pattern: &'static str,
    /// It is only one beside a payload.
    with_payload: bool,
    /// It is right.
    pub holds: bool,
    /// What is known.
    pub answer: &'static str,
    /// What to do instead.
    pub remedy: &'static str,
}

/// All of them.
pub const CLAIMS: &[Claim] = &[
    Claim {
        rule: "wrong-route",
        severity: Severity::Error,
        claim: "PATCH …/participants/{id} takes attributes",
        pattern: r#"(?i)/participants/[^/\s"'?]+(?:["'`\s?]|$)|\bpatch_?conversations?_?(?:call|callback|chat|email|message|cobrowsesession|screenshare|socialexpression|video)?_?participant\s*\("#,
        with_payload: true,
        holds: false,
        answer: "PATCH …/participants/{id} takes state, mute, hold, recording and wrap-up, not attributes: they are lost there",
        remedy: "send them to PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes",
    },
    Claim {
        rule: "no-such-route",
        severity: Severity::Error,
        claim: "/api/v2/conversations/voice/… (or interactions, web, webmessaging) exists",
        pattern: r"(?i)/conversations/(?:voice|interactions|web|webmessaging)/",
        with_payload: false,
        holds: false,
        answer: "there is no such family of routes, in any published version of the API",
        remedy: "use /api/v2/conversations/{id}/…, which serves every medium, or calls, callbacks, emails, messages",
    },
    Claim {
        rule: "no-such-route",
        severity: Severity::Error,
        claim: "/api/v2/conversations/chats/… takes attributes",
        pattern: r"(?i)/conversations/chats/[^\n]*/attributes",
        with_payload: false,
        holds: false,
        answer: "the chats routes were removed from the API on 2026-08-15",
        remedy: "use /api/v2/conversations/{id}/participants/{participantId}/attributes",
    },
    Claim {
        rule: "no-such-route",
        severity: Severity::Error,
        claim: "/api/v2/attributes/attributes defines attributes",
        pattern: r"(?i)/api/v2/attributes",
        with_payload: false,
        holds: false,
        answer: "attribute definitions (/api/v2/attributes) were removed in 2019; participant data need no definition",
        remedy: "just set the key",
    },
    Claim {
        rule: "no-such-route",
        severity: Severity::Error,
        claim: "/api/v2/flows/simulations runs a flow",
        pattern: r"(?i)/flows/simulat",
        with_payload: false,
        holds: false,
        answer: "the platform has no endpoint that simulates flows",
        remedy: "'sidetone flow simulate' runs a flow on this machine",
    },
    Claim {
        rule: "flow-metadata-only",
        severity: Severity::Error,
        claim: "PUT /api/v2/flows/{id} updates a flow's actions",
        pattern: r"(?i)\bPUT\b[^\n]*/flows/",
        with_payload: false,
        holds: false,
        answer: "PUT /api/v2/flows/{id} takes name, description and division; it has no actions",
        remedy: "edit the flow's Archy YAML ('sidetone flow set-data') and publish it with Archy",
    },
    Claim {
        rule: "no-such-scope",
        severity: Severity::Error,
        claim: "the scope conversation:participant:write is needed",
        pattern: r"(?i)conversation:participant:write",
        with_payload: false,
        holds: false,
        answer: "there is no such scope or permission; the attributes PATCH documents no permission, and scopes look like conversations or conversations:readonly",
        remedy: "a user token needs the scope conversations; client credentials are governed by roles and divisions",
    },
    Claim {
        rule: "accepted-not-204",
        severity: Severity::Warn,
        claim: "the PATCH answers 204",
        pattern: r"\b204\b",
        with_payload: false,
        holds: false,
        answer: "the PATCH answers 202 Accepted: taken, not yet done. A 204 came from somewhere else",
        remedy: "wait for the value to come back in an event or a read, as 'sidetone set' does",
    },
    Claim {
        rule: "no-locking",
        severity: Severity::Warn,
        claim: "409 and If-Match lock participant edits",
        pattern: r"(?i)\b409\b|\bif-match\b|\betag\b|optimistic",
        with_payload: false,
        holds: false,
        answer: "attributes have no version and no ETag; 409 was declared for every operation at once in 2024. Only secure and custom attributes have a version",
        remedy: "compare with a fresh read before writing: 'sidetone set --if KEY=OLD'",
    },
    Claim {
        rule: "no-422",
        severity: Severity::Info,
        claim: "422 answers reserved characters, long names or reserved keys",
        pattern: r"(?i)\b422\b|reserved (?:key|name|attribute|character)",
        with_payload: false,
        holds: false,
        answer: "422 is not declared for this operation in any version read, and no list of reserved keys was found",
        remedy: "keys beginning with context. or ivr. are written by the platform; leave those alone",
    },
    Claim {
        rule: "length-limit",
        severity: Severity::Info,
        claim: "values are limited to 256 characters",
        pattern: r"(?i)256[ -]?(?:char|byte)|limit[^\n]{0,20}\b256\b",
        with_payload: false,
        holds: false,
        answer: "256 characters, 50 attributes and 50 executions are limits of Set Participant Data in bot flows only; for the API no number is published, only 413",
        remedy: "keep values short where a bot flow sets them",
    },
    Claim {
        rule: "no-definition-needed",
        severity: Severity::Info,
        claim: "an attribute must first be defined in Admin",
        pattern: r"(?i)organi[sz]ation settings|must (?:first )?be (?:defined|created|registered)",
        with_payload: false,
        holds: false,
        answer: "no source says so, and every official example uses free names",
        remedy: "just set the key",
    },
    Claim {
        rule: "delay-is-no-cure",
        severity: Severity::Warn,
        claim: "a delay makes data set by the API visible to a running flow",
        pattern: r"(?i)\b(?:delay|wait|sleep|setTimeout)\w*[^\n]{0,40}\d",
        with_payload: false,
        holds: false,
        answer: "no number is documented for propagation, and waiting misses the point: a voice flow keeps its own list and writes it back when it ends",
        remedy: "set the value in the flow, or after the flow has ended",
    },
    Claim {
        rule: "propagation-unknown",
        severity: Severity::Info,
        claim: "propagation takes several seconds",
        pattern: r"(?i)\bpropagat\w*[^\n]{0,40}\b(?:second|minute|ms|milli|moment|while|instant|immediate)|\b(?:second|minute|while)s?\b[^\n]{0,20}\bpropagat",
        with_payload: false,
        holds: false,
        answer: "no official number exists; what looks like a delay is mostly a voice flow that keeps its own list until it ends",
        remedy: "wait for the value itself instead of a time: 'sidetone set' and 'sidetone watch --until KEY=VALUE' do",
    },
    Claim {
        rule: "keys-are-case-sensitive",
        severity: Severity::Info,
        claim: "keys are case-sensitive",
        pattern: r"(?i)\bcase[- ]?sensitiv",
        with_payload: false,
        holds: true,
        answer: "ivr_choice and IVR_Choice are two attributes, in the API and in Architect",
        remedy: "spell a key the same way wherever it is set and read",
    },
    Claim {
        rule: "values-are-texts",
        severity: Severity::Info,
        claim: "values must be strings",
        pattern: r"(?i)\bvalues?\b[^\n]{0,30}\b(?:must|have to|should|can only|only)\b[^\n]{0,20}\b(?:strings?|texts?)\b",
        with_payload: false,
        holds: true,
        answer: "in the API's schema every value is text; what the server does with a number or a boolean is not documented",
        remedy: "put numbers and booleans in quotes; in Architect use ToString(…)",
    },
    Claim {
        rule: "analytics-half-true",
        severity: Severity::Info,
        claim: "after the call, analytics reads and changes attributes",
        pattern: r"(?i)\banalytics\b",
        with_payload: false,
        holds: false,
        answer: "that is half true: the asynchronous details job returns what was set before the end, the synchronous query returns no attributes, and analytics cannot write; what is set after the end is never saved there",
        remedy: "set it before the call ends; read an ended call with 'sidetone get'",
    },
    Claim {
        rule: "merge-unverified",
        severity: Severity::Info,
        claim: "the PATCH replaces all attributes",
        pattern: r"(?i)replac\w* (?:the )?(?:entire|whole|full|all)|(?:entire|whole) (?:attribute )?map",
        with_payload: false,
        holds: false,
        answer: "no official sentence settles it; the evidence says that a PATCH merges",
        remedy: "'sidetone set' sends all attributes, which is right either way, and reports keys that vanish",
    },
    Claim {
        rule: "empty-does-not-clear",
        severity: Severity::Info,
        claim: "sending {} clears the attributes",
        pattern: r"(?i)\{\}[^\n]{0,40}\b(?:clear|remov|delet)|\b(?:clear|remov|delet)\w*[^\n]{0,40}\{\}",
        with_payload: false,
        holds: false,
        answer: "no official source says so; if a PATCH merges, {} does nothing. There is no documented way to remove a key",
        remedy: "set the key to an empty text: 'sidetone set --blank KEY'",
    },
    Claim {
        rule: "key-characters",
        severity: Severity::Info,
        claim: "keys must be identifiers",
        pattern: r"(?i)\bidentifiers?\b|letters,? (?:and )?digits|no spaces",
        with_payload: false,
        holds: false,
        answer: "official examples have keys with dots and with spaces",
        remedy: "only scripts cannot read names with a dot",
    },
    Claim {
        rule: "template-namespace",
        severity: Severity::Info,
        claim: "{{interaction.key}} and {{participant.key}} resolve to participant data",
        pattern: r"\{\{\s*(?:interaction|participant|conversation)\.",
        with_payload: false,
        holds: false,
        answer: "that has no source; Architect reads participant data with the Get Participant Data action",
        remedy: "read it with Get Participant Data into a variable and use the variable",
    },
    Claim {
        rule: "cxone-unverified",
        severity: Severity::Info,
        claim: "CXone needs literal keys, an outer data object, or flow.data.set in Run Script",
        pattern: r"(?i)\bcxone\b|flow\.data\.set|\brun script\b",
        with_payload: false,
        holds: false,
        answer: "CXone is another vendor's platform (its tool is Studio, not Architect); nothing about it was checked",
        remedy: "ask CXone's own documentation",
    },
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| CLAIMS.iter().map(|claim| Regex::new(claim.pattern).ok()).collect());

/// The claims that a text makes or follows.
pub fn of(text: &str) -> Vec<&'static Claim> {
    let found = CLAIMS.iter().zip(PATTERNS.iter());
    found
        .filter(|(_, pattern)| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text)))
        .map(|(claim, _)| claim)
        .collect()
}

impl Claim {
    /// Whether it counts beside a payload, or without one.
    pub fn applies(&self, payload: bool) -> bool {
        payload || !self.with_payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert!(PATTERNS.iter().all(Option::is_some));
    }

    /// Each claim of the fact sheet, as people put it.
    #[test]
    fn every_claim_in_circulation_is_answered_by_name() {
        for (text, rule) in [
            ("PATCH /api/v2/conversations/1/participants/2 with a body", "wrong-route"),
            ("the PATCH replaces the entire map", "merge-unverified"),
            ("send {} to clear everything", "empty-does-not-clear"),
            ("on 409 Conflict read again and retry with If-Match", "no-locking"),
            ("needs the scope conversation:participant:write", "no-such-scope"),
            ("Attribute keys are case sensitive.", "keys-are-case-sensitive"),
            ("All values must be strings", "values-are-texts"),
            ("there is a 256-character limit", "length-limit"),
            ("/api/v2/conversations/voice/1/participants/2/attributes", "no-such-route"),
            ("POST /api/v2/attributes/attributes", "no-such-route"),
            ("PUT /api/v2/flows/1 with the new actions", "flow-metadata-only"),
            ("POST /api/v2/flows/simulations", "no-such-route"),
            ("you get a 204 response", "accepted-not-204"),
            ("Propagation takes several seconds.", "propagation-unknown"),
            ("it can take a few seconds to propagate", "propagation-unknown"),
            ("422 for reserved characters", "no-422"),
            ("the reserved keys list", "no-422"),
            ("define it in Admin > Organization Settings", "no-definition-needed"),
            ("keys must be valid identifiers", "key-characters"),
            ("use {{interaction.key}} in the prompt", "template-namespace"),
            ("use {{ participant.key }} in the prompt", "template-namespace"),
            ("add a delay of 5 s before the flow reads it", "delay-is-no-cure"),
            ("after the call ends use Analytics to change attributes", "analytics-half-true"),
            ("in CXone, keys must be literal", "cxone-unverified"),
            ("flow.data.set(\"tier\", \"gold\")", "cxone-unverified"),
        ] {
            let rules: Vec<&str> = of(text).iter().map(|claim| claim.rule).collect();
            assert!(rules.contains(&rule), "{text}: {rules:?}");
        }
    }

    #[test]
    fn the_right_route_is_no_claim() {
        for text in [
            "PATCH /api/v2/conversations/1f1c/participants/c0a8/attributes",
            "curl -X PATCH \"https://api.mypurecloud.com/api/v2/conversations/calls/1/participants/2/attributes\" -d ",
            "GET /api/v2/flows/{flowId}/latestconfiguration",
            "wait until the value is seen; the values are read again",
        ] {
            assert!(of(text).is_empty(), "{text}");
        }
    }
}
