//! The regions of the platform (api-facts 1.1).

/// One region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its key as the SDKs write it: `us_east_1`.
    pub key: &'static str,
    /// Its domain: `mypurecloud.com`.
    pub domain: &'static str,
}

const fn region(key: &'static str, domain: &'static str) -> Region {
    Region { key, domain }
}

/// All of them.
pub const REGIONS: [Region; 18] = [
    region("us_east_1", "mypurecloud.com"),
    region("us_east_2", "use2.us-gov-pure.cloud"),
    region("us_west_2", "usw2.pure.cloud"),
    region("ca_central_1", "cac1.pure.cloud"),
    region("mx_central_1", "mxc1.pure.cloud"),
    region("sa_east_1", "sae1.pure.cloud"),
    region("eu_west_1", "mypurecloud.ie"),
    region("eu_west_2", "euw2.pure.cloud"),
    region("eu_central_1", "mypurecloud.de"),
    region("eu_central_2", "euc2.pure.cloud"),
    region("eusc_de_east_1", "edee1.eusc-pure.cloud"),
    region("me_central_1", "mec1.pure.cloud"),
    region("ap_south_1", "aps1.pure.cloud"),
    region("ap_southeast_1", "apse1.pure.cloud"),
    region("ap_southeast_2", "mypurecloud.com.au"),
    region("ap_northeast_1", "mypurecloud.jp"),
    region("ap_northeast_2", "apne2.pure.cloud"),
    region("ap_northeast_3", "apne3.pure.cloud"),
];

/// The host of an address as a browser shows it, with or without its scheme; any other text as it is. In lower case.
fn host_in(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default().trim_end_matches('.').to_owned()
}

impl Region {
    /// Finds a region by its key in either spelling (`us-east-1`, `us_east_1`), by its domain, or by one of its hosts
    /// (`apps.mypurecloud.com`), also within an address as a browser shows it. Case does not matter.
    pub fn find(text: &str) -> Option<Self> {
        let wanted = host_in(text);
        let key = wanted.replace('-', "_");
        REGIONS
            .iter()
            .find(|r| {
                r.key == key
                    || r.domain == wanted
                    || wanted.strip_suffix(r.domain).is_some_and(|host| host.ends_with('.'))
            })
            .copied()
    }

    /// The regions whose key or domain looks most like `text`, nearest first, for "did you mean".
    pub fn nearest(text: &str) -> Vec<Self> {
        let wanted = host_in(text);
        let key = wanted.replace('-', "_");
        // A host of the domain was named, perhaps.
        let domain = wanted.split_once('.').map(|(_, domain)| domain).filter(|domain| domain.contains('.'));
        let domains = || std::iter::once(wanted.as_str()).chain(domain);
        let score = |r: &Self| {
            let of_domain = domains().map(|wanted| strsim::jaro_winkler(r.domain, wanted));
            of_domain.fold(strsim::jaro_winkler(r.key, &key), f64::max)
        };
        let mut scored: Vec<(f64, Self)> =
            REGIONS.iter().map(|r| (score(r), *r)).filter(|(score, _)| *score > 0.8).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.into_iter().take(3).map(|(_, r)| r).collect()
    }

    /// The key as AWS writes it: `us-east-1`.
    pub fn dashed(self) -> String {
        self.key.replace('_', "-")
    }

    /// Base address of the REST API.
    pub fn api_url(self) -> String {
        format!("https://api.{}", self.domain)
    }

    /// Base address of the login service.
    pub fn login_url(self) -> String {
        format!("https://login.{}", self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_either_spelling_by_domain_and_by_host() {
        for region in REGIONS {
            assert_eq!(Region::find(region.key), Some(region));
            assert_eq!(Region::find(&region.dashed().to_uppercase()), Some(region));
            assert_eq!(Region::find(region.domain), Some(region));
            assert_eq!(Region::find(&format!("apps.{}", region.domain)), Some(region));
            let page = format!("https://apps.{}/directory/#/analytics/interactions?x=mypurecloud.jp", region.domain);
            assert_eq!(Region::find(&page), Some(region));
            assert_eq!(Region::find(&format!("login.{}:443/", region.domain)), Some(region));
        }
        assert_eq!(Region::find("mypurecloud.com.au").map(|r| r.key), Some("ap_southeast_2"));
        for other in ["evilmypurecloud.com", "https://mypurecloud.com@evil.test/", "https://evil.test/mypurecloud.com"]
        {
            assert_eq!(Region::find(other), None, "{other}");
        }
        assert_eq!(Region::find(""), None);
    }

    #[test]
    fn a_misspelt_one_gets_a_suggestion() {
        assert_eq!(Region::nearest("us-esat-1")[0].key, "us_east_1");
        assert_eq!(Region::nearest("mypurcloud.de")[0].domain, "mypurecloud.de");
        assert_eq!(Region::nearest("https://apps.mypurcloud.de/directory/")[0].domain, "mypurecloud.de");
        assert!(Region::nearest("zzz").is_empty());
    }
}
