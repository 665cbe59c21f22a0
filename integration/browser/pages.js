// The pages of the made-up newspaper that are looked at one by one.
import { publishStory, retractStory } from "./desk.js";

let found;

/**
 * One page of each kind: its path, and what is on it.
 *
 * @param {{ api: string, token: string }} server
 */
export function pagesOf(server) {
  found ??= find(server);
  return found;
}

async function find(server) {
  const newsroom = { ask: (query, variables) => ask(server, query, variables) };
  const { stories, tags, coverages } = await newsroom.ask(`{
    stories(first: 100, filter: { language: "en" }) { nodes { slug title image { url } corrections { note } } }
    tags(first: 100, filter: { kind: SECTION }) { nodes { slug name storyCount } }
    coverages(first: 10, status: [LIVE]) { nodes { slug title } }
  }`);
  const corrected = stories.nodes.find(({ corrections, image }) => corrections.length > 0 && image);
  const [tag] = tags.nodes.sort((a, b) => b.storyCount - a.storyCount);
  const [coverage] = coverages.nodes;
  const withdrawn = await withdraw(newsroom);
  return {
    front: { path: "/en" },
    ticker: { path: "/en/ticker" },
    story: { path: `/en/story/${corrected.slug}`, title: corrected.title, note: corrected.corrections[0].note },
    tag: { path: `/en/tag/${tag.slug}`, title: tag.name, name: tag.name },
    coverages: { path: "/en/live" },
    coverage: { path: `/en/live/${coverage.slug}`, title: coverage.title },
    missing: { path: "/en/story/there-is-no-such-story" },
    withdrawn: { path: `/en/story/${withdrawn.slug}`, note: withdrawn.note },
    french: { path: "/fr" },
  };
}

/** A story that was published and withdrawn. */
async function withdraw(newsroom) {
  const story = await publishStory(newsroom, { title: "A festival of bridges that never was", summary: "Nothing of it was true.", body: "Nothing." });
  const note = "The report was based on a press release that turned out to be a joke.";
  const { slug } = await retractStory(newsroom, story, note);
  return { slug, note };
}

async function ask({ api, token }, query, variables) {
  const response = await fetch(api, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}
