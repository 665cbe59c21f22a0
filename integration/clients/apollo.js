// Apollo Client: https://www.apollographql.com/docs/react — its persisted queries are in ../apollo.js.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import WebSocket from "ws";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { Ear, followsTheTicker, followTicker, places, promises, tickerPage } from "./following.js";
import { socketClient } from "./sockets.js";
import { allStories, ask, publishStory, storiesPage } from "./stories.js";

globalThis.WebSocket ??= WebSocket; // GraphQLWsLink asks it for a constant; Node has it from 22 on

const { nothingTwice, onlyWhatIsNotAcknowledged, everythingAgain } = promises;

/** A client as Apollo's documentation puts it together: subscriptions by WebSocket, the rest by HTTP. */
function apolloClient({ api, socket }, { cache = new InMemoryCache(), headers } = {}) {
  const asked = []; // the names of the operations that went to the server by HTTP
  const noting = new ApolloLink((operation, forward) => {
    asked.push(operation.operationName);
    return forward(operation);
  });
  const { client: wire, acknowledged } = socketClient(socket);
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(wire),
    ApolloLink.from([noting, new HttpLink({ uri: api, headers })]),
  );
  const client = new ApolloClient({ link, cache });
  return {
    client,
    asked,
    acknowledged,
    async end() {
      client.stop();
      await wire.dispose();
    },
  };
}

/** Follows the ticker with a client. */
function follow(client, after, sink) {
  client.subscribe({ query: gql(followTicker), variables: { after } }).subscribe({
    next: ({ data, error }) => (error ? sink.error(error) : sink.next(data.ticker)),
    error: sink.error,
    complete: () => sink.error(new Error("the subscription is over")),
  });
}

followsTheTicker(
  "Apollo Client",
  (at, after, sink) => {
    const { client, acknowledged, end } = apolloClient(at);
    follow(client, after, sink);
    return { end, acknowledged };
  },
  { cut: onlyWhatIsNotAcknowledged, killed: everythingAgain, stopped: nothingTwice },
);

test("Apollo Client's cache shows a correction that a subscription brings", { timeout: 30_000 }, async (t) => {
  const newsroom = await openNewsroom();
  const { client, asked, end } = apolloClient(places(newsroom.address));
  t.after(async () => {
    await end();
    await newsroom.close();
  });
  const line = await newsroom.publish("Le Sénat vote le budget");
  await newsroom.publish("Another line");

  const page = client.watchQuery({ query: gql(tickerPage) });
  const shown = new Ear(); // of what is on the page, each time that it changes
  page.subscribe({ next: ({ data }) => data && shown.next(data.ticker), error: shown.error });
  await shown.when((pages) => pages.length === 1);
  const ear = new Ear();
  follow(client, shown.events[0].liveCursor, ear);

  const corrected = await newsroom.correct(line, { headline: "Le Sénat adopte le budget", note: "Il l'a adopté." });
  await ear.heard(corrected.headline);
  assert.equal(ear.events[0].kind, "CORRECTED");
  await shown.when((pages) => pages.length === 2);
  assert.deepEqual(
    shown.events.map(({ nodes }) => nodes.map(({ headline }) => headline)),
    [["Another line", "Le Sénat vote le budget"], ["Another line", "Le Sénat adopte le budget"]],
  );
  assert.deepEqual(asked, ["TickerPage"], "nothing is asked again");
  assert.equal(client.cache.extract()[`TickerEntry:${line.id}`].version, 2, "the entity is kept by its type and id");
});

test("Apollo Client pages through all stories with relayStylePagination", { timeout: 30_000 }, async (t) => {
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { stories: relayStylePagination(["filter"]) } } } });
  const { client, end } = apolloClient(places(new URL(server.api).origin), { cache });
  t.after(end);
  const all = await allStories();
  assert.ok(all.length > 7, `there are ${all.length} stories`);

  const query = gql(storiesPage);
  const variables = { first: 7 };
  let { data } = await client.query({ query, variables });
  const list = client.watchQuery({ query, variables });
  const shown = list.subscribe(() => {});
  t.after(() => shown.unsubscribe());
  const late = await publishStory("Published while somebody pages");
  let pages = 1;
  for (let { pageInfo } = data.stories; pageInfo.hasNextPage; pages++) {
    ({ data } = await list.fetchMore({ variables: { after: pageInfo.endCursor } }));
    ({ pageInfo } = data.stories);
  }
  const { stories } = client.readQuery({ query, variables });
  assert.deepEqual(stories.edges.map(({ node }) => node.id), all, "each story once, in order");
  assert.equal(pages, Math.ceil(all.length / 7));
  assert.deepEqual(await allStories(), [late, ...all]);
  assert.equal(list.getCurrentResult().data.stories.edges.length, all.length, "whoever watches the list has them too");
});

test("Apollo Client reads fragments on interfaces, with the possible types that introspection tells", { timeout: 30_000 }, async (t) => {
  const { __schema: { types } } = await ask("{ __schema { types { kind name possibleTypes { name } } } }");
  const possibleTypes = Object.fromEntries(
    types
      .filter(({ kind }) => kind === "INTERFACE" || kind === "UNION")
      .map((type) => [type.name, type.possibleTypes.map(({ name }) => name).sort()]),
  );
  assert.deepEqual(possibleTypes, {
    CoverageUpdate: ["Coverage", "TickerEntry"],
    NewsItem: ["Story", "TickerEntry"],
    Node: ["Coverage", "Story", "Tag", "TickerEntry"],
  });
  const { client, end } = apolloClient(places(new URL(server.api).origin), { cache: new InMemoryCache({ possibleTypes }) });
  t.after(end);
  const { stories, tags } = await ask("{ stories(first: 1) { nodes { id title } } tags(first: 1) { nodes { id name } } }");
  const query = gql`
    query Anything($ids: [ID!]!) {
      nodes(ids: $ids) { ...Identified ...Named }
    }
    fragment Identified on Node { id }
    fragment Named on Node { ... on Story { title } ... on Tag { name } }
  `;
  const variables = { ids: [stories.nodes[0].id, tags.nodes[0].id] };
  const { data } = await client.query({ query, variables });
  const expected = [
    { __typename: "Story", ...stories.nodes[0] },
    { __typename: "Tag", ...tags.nodes[0] },
  ];
  assert.deepEqual(data.nodes, expected);
  assert.deepEqual(client.readQuery({ query, variables }).nodes, expected, "from the cache as well");
  const read = client.readFragment({ id: `Story:${stories.nodes[0].id}`, fragment: gql`fragment Id on Node { id }` });
  assert.equal(read.id, stories.nodes[0].id);
});

test("errors reach Apollo Client with their codes", { timeout: 30_000 }, async (t) => {
  const { client, end } = apolloClient(places(new URL(server.api).origin));
  t.after(end);
  const codes = (error) => {
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
    return error.errors.map(({ extensions }) => extensions.code);
  };
  const { error: queried } = await client.query({ query: gql(storiesPage), variables: { first: 1, after: "nonsense" }, errorPolicy: "all" });
  assert.deepEqual(codes(queried), ["BAD_CURSOR"]);
  await assert.rejects(client.query({ query: gql("{ stories(first: 1000) { nodes { id } } }") }), (error) => {
    assert.deepEqual(codes(error), ["INVALID_ARGUMENT"]);
    return true;
  });
  const mutation = gql(`mutation { publishTickerEntry(input: { headline: "No token" }) { id } }`);
  const { error: refused } = await client.mutate({ mutation, errorPolicy: "all" });
  assert.deepEqual(codes(refused), ["UNAUTHENTICATED"]);

  const ear = new Ear();
  follow(client, "nonsense", ear);
  await assert.rejects(ear.heard("anything"), (error) => {
    assert.deepEqual(codes(error), ["BAD_CURSOR"]);
    return true;
  });
});
