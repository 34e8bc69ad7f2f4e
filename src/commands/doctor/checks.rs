//! The checks, from the network up to the permissions.

use super::{
    Check, DoctorReport,
    execution::{self, NOBODY},
    topics,
};
use crate::{
    domain::{ConversationId, FlowId, QueueId},
    genesys::{
        Auth, Client, Error, ErrorKind,
        client::{self, Priority, Reach},
        topic::CHANNELS,
    },
};
use std::io;
use url::Url;

/// A clock that is off by more makes certificates and tokens look wrong.
const SKEW_S: i64 = 60;

/// What cannot be tried without a token.
const NEED_A_TOKEN: &[&str] = &["organisation", "permissions", "notifications", "channels"];

/// Runs them all.
pub async fn run(client: &Client, report: &mut DoctorReport) -> io::Result<()> {
    if let Some(why) = client.unusable_proxy() {
        return report.tell(&Check::wrong("proxy", why, client::proxy::REMEDY));
    }
    report.tell(&proxy())?;
    let connection = client.connection();
    for (name, url) in [("api", &connection.api_url), ("login", &connection.login_url)] {
        match reach(client, name, url).await {
            Ok(lines) => lines.iter().try_for_each(|line| report.tell(line))?,
            Err(line) => return report.tell(&line),
        }
    }
    let token = match client.sign_in().await {
        Ok(()) => token(client).await,
        Err(error) => Err(error),
    };
    match token {
        Ok(line) => report.tell(&line)?,
        Err(error) => {
            report.tell(&Check::fail("token", &error))?;
            return NEED_A_TOKEN.iter().try_for_each(|name| report.tell(&Check::not_tried(name, "no valid token")));
        }
    }
    report.tell(&match client.organization().await {
        Ok(organization) => Check::pass("organisation", organization.name),
        Err(error) => Check::lacking("organisation", &error, "the header shows no organisation"),
    })?;
    let queues = permissions(client, report).await?;
    topics::run(client, &queues, report).await?;
    report.tell(&channels(client).await)?;
    let stats = client.stats();
    let used = format!("{} of {} requests used in this minute", stats.used, stats.allowed);
    report.tell(&match stats.pause {
        Some(pause) => {
            Check::warn("rate limit", used, format!("The platform asked for a pause of {} s more.", pause.as_secs()))
        }
        None if stats.used * 10 > stats.allowed * 8 => {
            Check::warn("rate limit", used, "Another program uses the same client; give Sidetone one of its own.")
        }
        None => Check::pass("rate limit", used),
    })
}

/// Which proxy the environment asks for, without its password.
fn proxy() -> Check {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let set = names.iter().find_map(|name| Some((name, std::env::var(name).ok().filter(|v| !v.is_empty())?)));
    let Some((name, value)) = set else { return Check::pass("proxy", "none is set in the environment") };
    match without_password(&value) {
        Some(url) => Check::pass("proxy", format!("{url}, from {name}")),
        None => Check::warn("proxy", format!("{name} is not a valid address"), "Write it as http://HOST:PORT."),
    }
}

/// The address without who signs in there. `user:password@host:3128` is one, too: http is meant, though `user` looks
/// like a scheme. `None` for anything of which it is not certain that no password is left.
fn without_password(value: &str) -> Option<Url> {
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    let mut url = url.ok().filter(Url::has_host)?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    // Nothing else of an address belongs to a proxy.
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

async fn reach(client: &Client, name: &'static str, url: &Url) -> Result<Vec<Check>, Check> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let path = if name == "api" { "api/v2/tokens/me" } else { "oauth/token" };
    let Reach { took, ahead, http2 } = client.reach(url, path).await.map_err(|error| Check::fail(name, &error))?;
    let how = match (url.scheme(), http2) {
        ("https", true) => "name, TLS and HTTP/2 work",
        ("https", false) => "name and TLS work; HTTP/1.1",
        _ => "reached without encryption, on this machine",
    };
    let mut lines = vec![Check::pass(name, format!("{host}: {how}; {} ms", took.as_millis()))];
    if name == "api" {
        lines.push(match ahead.map(|ahead| ahead.as_secs()) {
            Some(s) if s.abs() > SKEW_S => Check::warn(
                "clock",
                format!("this computer's clock is {} s {}", s.abs(), if s > 0 { "behind" } else { "ahead" }),
                "Set the clock; tokens and certificates are judged by it.",
            ),
            Some(_) => Check::pass("clock", "agrees with the platform's"),
            None => Check::pass("clock", "not compared: the platform sent no time"),
        });
    }
    Ok(lines)
}

/// How long the token lives; the error of one that the platform refuses.
async fn token(client: &Client) -> Result<Check, Error> {
    let kind = match &client.connection().auth {
        Auth::ClientCredentials { .. } => "client credentials, without a user",
        Auth::Token(_) => "a ready access token",
        Auth::Pkce { .. } => "a user, signed in with the browser",
        Auth::SignedOut => "none",
    };
    let end = client.token_end().await;
    let left = end.left.map_or_else(
        || "no end was given".to_owned(),
        |left| match left.as_secs() / 60 {
            minutes @ 0..120 => format!("ends in {minutes} min"),
            minutes => format!("ends in {} h", minutes / 60),
        },
    );
    let scopes = match client.token_info().await {
        Ok(info) if !info.authorized_scope.is_empty() => format!("; scopes {}", info.authorized_scope.join(" ")),
        Err(error) if *error.kind() == ErrorKind::SignIn => return Err(error),
        _ => String::new(),
    };
    let message = format!("{kind}; {left}{scopes}");
    Ok(if end.renewable {
        Check::pass("token", message + "; renewed by itself")
    } else {
        Check::warn("token", message, "It cannot be renewed: when it ends, a person has to sign in.")
    })
}

/// Harmless calls, one for each permission that a feature needs. Returns the queues with their names, to try topics on.
async fn permissions(client: &Client, report: &mut DoctorReport) -> io::Result<Vec<(QueueId, String)>> {
    let conversation = client.conversation(&ConversationId::new(NOBODY), Priority::Interactive).await;
    report.tell(&match conversation {
        Ok(_) => Check::pass("conversations", "may be read"),
        // An id that nobody has and one that this token may not see are answered alike.
        Err(error) if *error.kind() == ErrorKind::NotFound => Check::pass("conversations", "reading is not refused"),
        Err(error) => Check::fail("conversations", &error),
    })?;
    let queues = client.queues(None).await;
    report.tell(&match &queues {
        Ok(queues) => Check::pass("queues", format!("{} are visible", queues.len())),
        Err(error) => Check::lacking("queues", error, "queues cannot be chosen by name"),
    })?;
    let queues: Vec<_> =
        queues.unwrap_or_default().into_iter().map(|queue| (QueueId::new(queue.id), queue.name)).collect();
    let asked = queues.first().map_or_else(|| QueueId::new(NOBODY), |(id, _)| id.clone());
    let observations = client.queue_observations(std::slice::from_ref(&asked)).await.map(|_| ());
    tell(report, "observations", observations, "calls that are live at the start appear at their next change")?;
    let now = client.clock().now().wall;
    let hour = now.checked_sub(jiff::SignedDuration::from_hours(1)).unwrap_or(now);
    let details = client.active_details((hour, now), &[], 1, Priority::Interactive).await.map(|_| ());
    tell(
        report,
        "details",
        details,
        "which flow a call ran is known from events alone, and calls of all flows are not found",
    )?;
    let flows = client.flows(None).await;
    let flow = flows.as_ref().ok().and_then(|flows| flows.first()).map_or(NOBODY, |flow| flow.id.as_str());
    let flow = [FlowId::new(flow)];
    let without = "calls of a flow are found by the details query, with more requests";
    tell(report, "flow activity", client.flow_activity(&flow, 1).await.map(|_| ()), without)?;
    tell(report, "flow observations", client.flow_observations(&flow).await.map(|_| ()), without)?;
    tell(report, "flows", flows.map(|_| ()), "flows cannot be chosen by name, nor read")?;
    execution::run(client, report).await?;
    tell(report, "users", client.users().await.map(|_| ()), "users cannot be chosen by e-mail address")?;
    Ok(queues)
}

fn tell(report: &mut DoctorReport, name: &'static str, result: Result<(), Error>, without: &str) -> io::Result<()> {
    report.tell(&match result {
        Ok(()) => Check::pass(name, "permitted"),
        Err(error) => Check::lacking(name, &error, without),
    })
}

async fn channels(client: &Client) -> Check {
    match client.channels_of_client().await {
        Ok(used) if used + 2 > CHANNELS => Check::warn(
            "channels",
            format!("{used} of {CHANNELS} channels of this OAuth client are in use"),
            "One more takes the one that was not used for longest away from its program; close other programs of this client, \
             or give Sidetone a client of its own.",
        ),
        Ok(used) => Check::pass("channels", format!("{used} of {CHANNELS} channels of this OAuth client are in use")),
        Err(error) => Check::lacking("channels", &error, "nobody knows how many channels are left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_proxys_address_shows_its_password() {
        let shown = |value| without_password(value).map(|url| url.to_string());
        for value in
            ["http://user:sample@proxy:3128", "user:sample@proxy:3128", "http://user:sample@proxy:3128/?sample#sample"]
        {
            assert_eq!(shown(value).as_deref(), Some("http://proxy:3128/"), "{value}");
        }
        assert_eq!(shown("proxy:3128").as_deref(), Some("http://proxy:3128/"));
        for value in ["http://user:sample@", "user:sample", "data:user,sample@proxy", "unix:///sample"] {
            assert!(!shown(value).unwrap_or_default().contains("sample"), "{value}: {:?}", shown(value));
        }
    }
}
