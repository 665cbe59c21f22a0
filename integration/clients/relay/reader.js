// What Relay's compiler compiles: components would hold these. Nothing runs this file, compile.js has it compiled.

graphql`
  query readerStoriesQuery($count: Int!, $filter: StoryFilter) {
    ...reader_stories @arguments(count: $count, filter: $filter)
  }
`;

graphql`
  fragment reader_stories on Query
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "Cursor" }, filter: { type: "StoryFilter" })
  @refetchable(queryName: "readerStoriesPageQuery") {
    stories(first: $count, after: $cursor, filter: $filter) @connection(key: "reader_stories") {
      edges {
        node {
          ...reader_story
        }
      }
    }
  }
`;

graphql`
  fragment reader_story on Story @refetchable(queryName: "readerStoryQuery") {
    id
    title
    version
  }
`;

// Pages of a connection below something else than the query go through Node.
graphql`
  query readerTagQuery($slug: String!, $count: Int!) {
    tag(slug: $slug) {
      ...reader_tag @arguments(count: $count)
    }
  }
`;

graphql`
  fragment reader_tag on Tag
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "Cursor" })
  @refetchable(queryName: "readerTagPageQuery") {
    name
    stories(first: $count, after: $cursor) @connection(key: "reader_tag_stories") {
      edges {
        node {
          ...reader_story
        }
      }
    }
  }
`;

graphql`
  query readerTickerQuery {
    ticker(first: 20) @connection(key: "reader_ticker") {
      edges {
        node {
          id
          headline
          version
        }
      }
      liveCursor
    }
  }
`;

graphql`
  subscription readerTickerSubscription($after: Cursor) {
    ticker(after: $after) {
      cursor
      kind
      entry {
        id
        headline
        version
      }
    }
  }
`;

graphql`
  mutation readerCorrectMutation($input: CorrectTickerEntryInput!) {
    correctTickerEntry(input: $input) {
      id
      headline
      version
    }
  }
`;

// A condition on an interface and on the members of a union.
graphql`
  query readerNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Coverage {
        title
      }
      ...reader_story @alias(as: "story")
    }
  }
`;

graphql`
  subscription readerBreakingSubscription($after: Cursor) {
    breakingNews(after: $after) {
      item {
        __typename
        ... on Story {
          id
          title
        }
        ... on TickerEntry {
          id
          headline
        }
      }
    }
  }
`;
