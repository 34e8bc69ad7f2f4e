//! Why a secure connection did not come about, in words: the cause first, the library's own words last.

/// What to do where something answers that does not speak TLS.
pub(crate) const NOT_TLS: &str = "Check the address and its port: https:// (wss://) needs a server that speaks TLS.";

/// What the TLS library says of a failure, and what it means; `None` where it speaks for itself.
const MEANINGS: [(&[&str], &str); 6] = [
    (&["corrupt message", "InvalidContentType", "UnexpectedMessage"], NO_TLS),
    (
        &["CaUsedAsEndEntity"],
        "its certificate is self-signed, or its issuer's own, and nobody whom this system trusts vouches for it",
    ),
    (
        &["UnknownIssuer", "not trusted", "unable to get local issuer"],
        "its certificate is signed by nobody whom this system trusts",
    ),
    (&["certificate expired", "Expired"], "its certificate has expired, or the clock of this computer is wrong"),
    (&["NotValidYet", "not valid yet"], "its certificate is not valid yet, or the clock of this computer is wrong"),
    (&["NotValidForName", "not valid for name"], "its certificate is for another host"),
];

const NO_TLS: &str = "what answers there does not speak TLS, as with http:// in place of https://";

/// The failure in plain words, with the library's own behind them.
pub(crate) fn explained(said: &str) -> String {
    let meaning = MEANINGS.iter().find(|(signs, _)| signs.iter().any(|sign| said.contains(sign)));
    match meaning {
        Some((_, words)) => {
            let own = said.rsplit_once("invalid peer certificate: ").map_or(said, |(_, own)| own);
            format!("{words} ({own})")
        }
        None => said.to_owned(),
    }
}

/// Something answered, and not in TLS.
pub(crate) fn is_not_tls(said: &str) -> bool {
    said.contains(NO_TLS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_stands_first() {
        for (said, begin) in [
            ("received corrupt message of type InvalidContentType", "what answers there does not speak TLS"),
            ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "its certificate is self-signed"),
            ("invalid peer certificate: UnknownIssuer", "its certificate is signed by nobody"),
            ("invalid peer certificate: certificate expired: verification time 5", "its certificate has expired"),
            ("invalid peer certificate: certificate not valid for name \"a\"", "its certificate is for another host"),
        ] {
            assert!(explained(said).starts_with(begin), "{}", explained(said));
        }
        assert!(explained("invalid peer certificate: UnknownIssuer").ends_with("trusts (UnknownIssuer)"));
        assert_eq!(explained("peer closed connection"), "peer closed connection");
    }
}
