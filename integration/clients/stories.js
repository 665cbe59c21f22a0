import { server } from "../server.js";

/** A page of stories, in the words of Relay's connections. */
export const storiesPage = `query StoriesPage($first: Int!, $after: Cursor) {
  stories(first: $first, after: $after) {
    edges { cursor node { id title } }
    pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
  }
}`;

/**
 * Asks the demo's server, without a client.
 *
 * @param {string} query
 * @param {object} [variables]
 * @param {string} [token]
 * @returns {Promise<any>} the data; errors are thrown
 */
export async function ask(query, variables, token) {
  const response = await fetch(server.api, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}

/** The ids of all stories that the demo has published, asked for at once: they are no more than a page may have. */
export async function allStories() {
  const { stories } = await ask(storiesPage, { first: 100 });
  if (stories.pageInfo.hasNextPage) throw new Error("the demo has more than 100 stories");
  return stories.edges.map(({ node }) => node.id);
}

/** Publishes a story in the demo's newsroom, and returns its id. */
export async function publishStory(title) {
  const { createStory: draft } = await ask(
    `mutation ($title: String!) { createStory(input: { title: $title, language: "fr" }) { id version } }`,
    { title },
    server.token,
  );
  const { publishStory: story } = await ask(
    `mutation ($input: PublishStoryInput!) { publishStory(input: $input) { id } }`,
    { input: { id: draft.id, expectedVersion: draft.version } },
    server.token,
  );
  return story.id;
}
