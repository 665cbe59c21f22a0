// How GraphiQL's operations get to the server: queries and mutations by POST, subscriptions over a WebSocket or an
// event stream. A subscription that has a variable $after goes on from its last cursor when the connection is lost.

const longestPause = 15_000; // ms between two tries to connect
const keepAlive = 10_000; // ms
const deadline = 5_000; // ms for the answer to a ping
const forbidden = 4403; // the token is not good

/**
 * Makes a fetcher for GraphiQL.
 *
 * @param {object} o
 * @param {string} o.api the address of GraphQL, absolute
 * @param {() => string} o.token the token, empty where there is none
 * @param {() => "ws" | "sse"} o.transport that of subscriptions
 * @param {(text: string) => void} o.tell is told how the connection of the last subscription is doing
 * @param {Function} o.parse that of the package graphql
 * @param {Function} o.webSocketClient createClient of the package graphql-ws
 * @param {Function} o.eventStreamClient createClient of the package graphql-sse
 * @param {typeof fetch} [o.fetch]
 */
export function createFetcher(o) {
  const request = o.fetch ?? ((...args) => fetch(...args));
  return ({ query, variables, operationName }, { headers = {} } = {}) => {
    const asked = { query, variables: { ...variables } };
    const operation = operationOf(o.parse, query, operationName);
    if (operation?.name) asked.operationName = operation.name.value;
    const sent = { ...bearing(operationName === "IntrospectionQuery" ? "" : o.token()), ...headers };
    if (operation?.operation !== "subscription") return post(request, o.api, asked, sent);
    return follow(o, request, asked, sent, takesPlace(operation));
  };
}

/** Asks by POST, and answers whatever the server says, as GraphQL says it. */
export async function post(request, api, asked, headers = {}, signal = undefined) {
  let response;
  try {
    response = await request(api, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        ...headers,
      },
      body: JSON.stringify(asked),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    return trouble(`The server can't be reached: ${error.message}`);
  }
  return answerOf(response);
}

/** The headers that say who asks. */
export const bearing = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

/** The operation of a document that is meant; undefined where none is, or where it can't be parsed. */
function operationOf(parse, query, operationName) {
  let document;
  try {
    document = parse(query);
  } catch {
    return undefined; // the server says what is wrong with it
  }
  const operations = document.definitions.filter((one) => one.kind === "OperationDefinition");
  return operations.find((one) => one.name?.value === operationName) ?? (operations.length === 1 ? operations[0] : undefined);
}

const takesPlace = (operation) =>
  (operation.variableDefinitions ?? []).some((one) => one.variable.name.value === "after");

// An observable and no async iterable: one that waits for its next event can't be ended.
function follow(o, request, asked, headers, resumable) {
  return {
    subscribe(sink) {
      const open = o.transport() === "sse" ? eventStream : webSocket;
      const client = open(o, request, headers);
      const stop = client.subscribe(asked, {
        next(result) {
          const cursor = resumable && Object.values(result.data ?? {})[0]?.cursor;
          if (cursor) asked.variables.after = cursor; // the clients send it as it is when they connect again
          sink.next(result);
        },
        error(error) {
          o.tell("");
          sink.next(client.explain(error));
          sink.complete();
        },
        complete() {
          o.tell("");
          sink.complete();
        },
      });
      return {
        unsubscribe() {
          stop();
          client.dispose();
          o.tell("");
        },
      };
    },
  };
}

function webSocket(o, _request, headers) {
  let overdue;
  const client = o.webSocketClient({
    url: o.api.replace(/^http/, "ws"),
    connectionParams: headers,
    retryAttempts: Infinity,
    shouldRetry: (event) => event?.code !== forbidden,
    retryWait: pause,
    keepAlive,
    on: {
      connecting: (again) => o.tell(again ? "connection lost: trying again" : "connecting"),
      connected: () => o.tell("following over WebSocket"),
      closed: () => clearTimeout(overdue),
      ping(received) {
        if (!received) overdue = setTimeout(() => client.terminate(), deadline);
      },
      pong: (received) => received && clearTimeout(overdue),
    },
  });
  return {
    subscribe: client.subscribe,
    dispose: client.dispose,
    explain(error) {
      if (Array.isArray(error)) return { errors: error };
      if (error?.code) return trouble(`The server closed the connection: ${error.code} ${error.reason}`);
      return trouble(error?.message ?? "The connection was lost.");
    },
  };
}

function eventStream(o, request, headers) {
  let refusal; // what the server said and would say again
  const client = o.eventStreamClient({
    url: o.api,
    headers,
    retryAttempts: Infinity,
    async retry(retries) {
      if (refusal) throw new Error("refused");
      await pause(retries);
    },
    async fetchFn(url, init) {
      const response = await request(url, init);
      if (response.status >= 400 && response.status < 500 && response.status !== 429) refusal = await answerOf(response);
      return response;
    },
    on: {
      connecting: (again) => o.tell(again ? "connection lost: trying again" : "connecting"),
      connected: () => o.tell("following over an event stream"),
    },
  });
  return {
    subscribe: client.subscribe,
    dispose: client.dispose,
    explain: (error) => refusal ?? trouble(error?.message ?? "The connection was lost."),
  };
}

async function answerOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return trouble(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

const trouble = (message) => ({ errors: [{ message }] });

function pause(retries) {
  const ms = Math.min(1_000 * 2 ** retries, longestPause);
  return new Promise((resolve) => setTimeout(resolve, ms / 2 + (Math.random() * ms) / 2));
}
