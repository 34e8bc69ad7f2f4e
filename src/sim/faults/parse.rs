//! A spec as it is typed.

use super::*;

/// The permissions that something here needs: without one of these to deny, a `deny` would do nothing.
pub(in crate::sim) const PERMISSIONS: &[&str] = &[
    "analytics:agentConversationDetail:view",
    "analytics:conversationDetail:view",
    "analytics:flowObservation:view",
    "analytics:queueObservation:view",
    "architect:flow:edit",
    "architect:flow:search",
    "architect:flow:view",
    "architect:flowInstance:search",
    "architect:flowInstance:view",
    "architect:flowLogLevel:view",
    "architect:flowLogLevelDefault:view",
    "architect:flowinstanceexecutiondata:view",
    "conversation:call:record",
    "conversation:communication:disconnect",
    "conversation:communication:view",
    "conversation:participant:wrapup",
    "routing:queue:search",
    "routing:queue:view",
];

/// The names of all faults.
pub(super) const KINDS: &[&str] = &[
    "close",
    "reset",
    "cut",
    "stall",
    "socket-closing",
    "steal",
    "revoke",
    "404-channel",
    "unsubscribe",
    "junk",
    "silence",
    "drop-frames",
    "duplicate",
    "reorder",
    "late",
    "execution-off",
    "execution-stale",
    "execution-truncated",
    "execution-late",
    "401",
    "403",
    "404",
    "408",
    "409",
    "413",
    "429",
    "500",
    "503",
    "504",
    "slow",
    "half",
    "invalid-json",
    "no-answer",
    "old-read",
    "lose-patch",
    "overwrite-back",
    "deny",
];

pub(super) fn parse(spec: &str) -> Result<Fault> {
    let (body, when) = match spec.rsplit_once('@') {
        Some((body, when)) => (body, parse_when(when)?),
        None => (spec, When::Always),
    };
    let (name, arguments) = body.split_once('=').unwrap_or((body, ""));
    let (mut left, mut on, mut argument) = (None, None, None);
    let given = body.contains('=').then(|| arguments.split(','));
    for part in given.into_iter().flatten() {
        if let Some(text) = part.strip_prefix("on=") {
            ensure!(!text.is_empty() && on.is_none(), "write on=TEXT once, as in on=/queues");
            on = Some(text.to_owned());
        } else if part.is_empty() {
            bail!("an argument of {name:?} is empty");
        } else if argument.is_none() {
            argument = Some(part);
        } else {
            bail!("{part:?} is one argument too many");
        }
    }
    let ms = |default: &str| duration_ms(argument.unwrap_or(default)).map(|ms| ms.unsigned_abs());
    let share = || -> Result<f64> {
        let text = argument.unwrap_or("1");
        let share: f64 = text.parse().with_context(|| format!("{text:?}: a share is a number from 0 to 1"))?;
        ensure!((0.0..=1.0).contains(&share), "{text:?}: a share is a number from 0 to 1");
        Ok(share)
    };
    let mut count = || -> Result<()> {
        let read = |n: &str| n.parse().ok().filter(|n: &u32| *n > 0);
        let number = |n| read(n).with_context(|| format!("{n:?} is not a number of requests"));
        left = argument.map(number).transpose()?;
        Ok(())
    };
    let kind = match name {
        "close" => FaultKind::Event(TimedFault::Close),
        "reset" => FaultKind::Event(TimedFault::Reset),
        "cut" => FaultKind::Event(TimedFault::Cut),
        "stall" => FaultKind::Event(TimedFault::Stall(ms("30s")?)),
        "socket-closing" => FaultKind::Event(TimedFault::SocketClosing(ms("60s")?)),
        "steal" => FaultKind::Event(TimedFault::Steal),
        "revoke" => FaultKind::Event(TimedFault::Revoke),
        "404-channel" => FaultKind::Event(TimedFault::DropChannels),
        "unsubscribe" => FaultKind::Event(TimedFault::Unsubscribe),
        "junk" => FaultKind::Event(TimedFault::Junk(match argument.unwrap_or("text") {
            "text" => Junk::Text,
            "json" => Junk::Json,
            "binary" => Junk::Binary,
            "big" => Junk::Big,
            other => bail!("{other:?}: one of text, json, binary, big"),
        })),
        "silence" => FaultKind::State(StreamFault::Silence),
        "drop-frames" => FaultKind::State(StreamFault::Drop(share()?)),
        "duplicate" => FaultKind::State(StreamFault::Duplicate(share()?)),
        "reorder" => FaultKind::State(StreamFault::Reorder(share()?)),
        "late" => FaultKind::State(StreamFault::Late(ms("2s")?)),
        "execution-off" => FaultKind::State(StreamFault::ExecutionOff),
        "execution-stale" => FaultKind::State(StreamFault::ExecutionStale),
        "execution-truncated" => FaultKind::State(StreamFault::ExecutionTruncated),
        "execution-late" => FaultKind::State(StreamFault::ExecutionLate(ms("30s")?)),
        "401" if argument.is_none() && on.is_none() => FaultKind::Event(TimedFault::ExpireTokens),
        "403" => match argument {
            Some(text) => FaultKind::Request(Broken::Topic(text.to_owned())),
            None => FaultKind::Request(Broken::Status(403)),
        },
        "401" | "404" | "408" | "409" | "413" | "500" | "503" | "504" => {
            count()?;
            if matches!(name, "409" | "413") && on.is_none() {
                on = Some("/attributes".to_owned());
            }
            FaultKind::Request(Broken::Status(name.parse()?))
        }
        "429" => FaultKind::Request(Broken::TooMany(match argument {
            Some("none") => None,
            Some(seconds) => Some(seconds.parse().context("write 429, 429=SECONDS or 429=none")?),
            None => Some(2),
        })),
        "slow" => FaultKind::Request(Broken::Slow(ms("2s")?)),
        "half" => {
            count()?;
            FaultKind::Request(Broken::Half)
        }
        "invalid-json" => {
            count()?;
            FaultKind::Request(Broken::InvalidJson)
        }
        "no-answer" => {
            count()?;
            FaultKind::Request(Broken::NoAnswer)
        }
        "old-read" => {
            count()?;
            FaultKind::Request(Broken::OldRead)
        }
        "lose-patch" => {
            count()?;
            FaultKind::Request(Broken::LosePatch)
        }
        "overwrite-back" => FaultKind::Request(Broken::OverwriteBack(ms("1s")?)),
        "deny" => {
            let permission = argument.context("write deny=PERMISSION")?;
            let words = permission.split(':').filter(|word| !word.is_empty()).count();
            ensure!(words == 3, "{permission:?} is no permission: write it as in deny=routing:queue:view");
            if !PERMISSIONS.contains(&permission) {
                let near = |known: &'static str| (strsim::damerau_levenshtein(known, permission), known);
                match PERMISSIONS.iter().copied().map(near).min().filter(|(distance, _)| *distance <= 4) {
                    Some((_, near)) => bail!("nothing here needs the permission {permission}; did you mean {near}?"),
                    None => {
                        bail!("nothing here needs the permission {permission}; known are {}", PERMISSIONS.join(", "))
                    }
                }
            }
            FaultKind::Request(Broken::Deny(permission.to_owned()))
        }
        other => {
            let near = |kind: &'static str| (strsim::damerau_levenshtein(kind, other), kind);
            match KINDS.iter().copied().map(near).min().filter(|(distance, _)| *distance <= 2) {
                Some((_, kind)) => bail!("there is no fault {other:?}; did you mean {kind:?}?"),
                None => bail!("there is no fault {other:?}; known are {}", KINDS.join(", ")),
            }
        }
    };
    let takes_none = match &kind {
        FaultKind::Event(event) => {
            !matches!(event, TimedFault::Stall(_) | TimedFault::SocketClosing(_) | TimedFault::Junk(_))
        }
        FaultKind::State(
            StreamFault::Silence
            | StreamFault::ExecutionOff
            | StreamFault::ExecutionStale
            | StreamFault::ExecutionTruncated,
        ) => true,
        FaultKind::State(_) | FaultKind::Request(_) => false,
    };
    if let Some(argument) = argument.filter(|_| takes_none) {
        bail!("{name:?} takes no argument, and {argument:?} was given");
    }
    let by_path = matches!(&kind, FaultKind::Request(broken) if !matches!(broken, Broken::Topic(_) | Broken::Deny(_)));
    ensure!(on.is_none() || by_path, "{name:?} is no fault of requests: on=TEXT chooses nothing");
    Ok(Fault { kind, when, left, on })
}

fn parse_when(text: &str) -> Result<When> {
    if let Some((from, to)) = text.split_once("..") {
        let from = if from.is_empty() { 0 } else { duration_ms(from)? };
        let to = if to.is_empty() { i64::MAX } else { duration_ms(to)? };
        ensure!(from < to, "{text:?} is an empty window");
        return Ok(When::Between(from, to));
    }
    if let Some((from, period)) = text.split_once('/') {
        let period = duration_ms(period)?;
        ensure!(period >= 50, "a period is at least 50ms");
        return Ok(When::Every(duration_ms(from)?, period));
    }
    Ok(When::Once(duration_ms(text)?))
}
