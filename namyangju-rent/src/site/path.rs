//! Paths with places in them: filled to make an address, and read back from one.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A path with `{places}`, such as `/rent/application/index/{year}/{month}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PathTemplate(Vec<Segment>);

#[derive(Clone, Debug)]
enum Segment {
    Plain(String),
    Place(String),
}

const PATH_PLACES: [&str; 9] =
    ["year", "month", "day", "view", "is_list", "comcd", "partcd", "placecd", "group"];

impl TryFrom<String> for PathTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let inner =
            text.strip_prefix('/').ok_or_else(|| format!("`{text}` is not a path: it begins with `/`"))?;
        let segment = |part: &str| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(place) if PATH_PLACES.contains(&place) => Ok(Segment::Place(place.to_owned())),
            Some(place) => {
                Err(format!("`{{{place}}}` has no meaning in a path: allowed are {PATH_PLACES:?}"))
            }
            None if part.contains(['{', '}', '?', '#', ' ']) => {
                Err(format!("`{part}` is not a part of a path"))
            }
            None => Ok(Segment::Plain(part.to_owned())),
        };
        inner.split('/').map(segment).collect::<Result<_, _>>().map(Self)
    }
}

impl PathTemplate {
    /// Whether the template has this place.
    pub(crate) fn has(&self, place: &str) -> bool {
        self.0.iter().any(|segment| matches!(segment, Segment::Place(p) if p == place))
    }

    /// The path, ended before the first place that has no value.
    pub(crate) fn render(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut path = String::new();
        for segment in &self.0 {
            let part = match segment {
                Segment::Plain(text) => text.clone(),
                Segment::Place(place) => match value(place) {
                    Some(text) => text,
                    None => break,
                },
            };
            path.push('/');
            path.push_str(&part);
        }
        path
    }

    /// Whether a path begins with the part of the template before its first place.
    pub(crate) fn begins(&self, path: &str) -> bool {
        let mut parts = path.trim_start_matches('/').split('/');
        let mut plain = self.0.iter().map_while(|segment| match segment {
            Segment::Plain(text) => Some(text.as_str()),
            Segment::Place(_) => None,
        });
        plain.all(|text| parts.next() == Some(text))
    }

    /// The values of the places if `path` was made from this template; places at its end may be missing.
    pub(crate) fn read<'p>(&self, path: &'p str) -> Option<BTreeMap<&str, &'p str>> {
        let mut parts = path.strip_prefix('/')?.trim_end_matches('/').split('/');
        let mut values = BTreeMap::new();
        for segment in &self.0 {
            match (segment, parts.next()) {
                (Segment::Plain(text), Some(part)) if text == part => {}
                (Segment::Place(place), Some(part)) => {
                    values.insert(place.as_str(), part);
                }
                (Segment::Place(_), None) => break,
                _ => return None,
            }
        }
        parts.next().is_none().then_some(values)
    }
}
