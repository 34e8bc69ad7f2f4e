//! What a redacted copy keeps: the words that findings are about, and the platform's own vocabulary. Everything else
//! that a string may hold is replaced. The lists are published in `docs/recording.md`; a test keeps the two equal.

/// Values that say "no value": they are what findings point at, and hold nothing of a person.
pub const MARKERS: &[&str] = &[
    "[object Object]",
    "NOT_SET",
    "NOT SET",
    "N/A",
    "NaN",
    "None",
    "TBD",
    "false",
    "nil",
    "null",
    "true",
    "undefined",
    "unknown",
];

/// The platform's words for states, roles, media and the like. Kept in the fields of [`WORD_FIELDS`] only.
pub const WORD_FIELDS: &[&str] = &[
    "__type",
    "code",
    "direction",
    "disconnectType",
    "initialState",
    "mediaRoles",
    "mediaType",
    "metric",
    "participantType",
    "provider",
    "purpose",
    "qualifier",
    "reason",
    "recordingState",
    "result",
    "screenRecordingState",
    "state",
    "status",
    "systemTopicType",
    "type",
    "version",
    "wrapupPrompt",
];

/// Fields whose text is a path or a topic: known words stay, ids in them are replaced like everywhere.
pub const PATH_FIELDS: &[&str] =
    &["firstUri", "lastUri", "nextUri", "previousUri", "selfUri", "topicName", "userUri", "uri"];

/// The words of paths, topics and queries that stay.
pub const PATH_WORDS: &[&str] = &[
    "DELETE",
    "GET",
    "HEAD",
    "PATCH",
    "POST",
    "PUT",
    "activity",
    "analytics",
    "api",
    "asc",
    "attributes",
    "authorization",
    "availabletopics",
    "callbacks",
    "calls",
    "channel",
    "channels",
    "chats",
    "cobrowseSessions",
    "cobrowsesessions",
    "communicationType",
    "configuration",
    "conversation",
    "conversations",
    "desc",
    "detail",
    "details",
    "divisionviews",
    "divisions",
    "emails",
    "events",
    "expand",
    "flows",
    "ignoreErrors",
    "id",
    "latestconfiguration",
    "me",
    "messages",
    "metadata",
    "name",
    "notifications",
    "observations",
    "pageNumber",
    "pageSize",
    "participants",
    "query",
    "queues",
    "routing",
    "screenshares",
    "socialexpressions",
    "sortBy",
    "sortOrder",
    "subscriptions",
    "system",
    "tokens",
    "true",
    "type",
    "users",
    "v2",
    "versions",
    "videos",
];

/// Members of a JSON text inside a value that findings know by name.
pub const WRAPPERS: &[&str] = &["attributes", "data", "participantData", "participantId", "participant_id"];

/// Beginnings of addresses.
pub const SCHEMES: &[&str] = &["http", "https", "mailto", "sip", "sips", "tel"];
