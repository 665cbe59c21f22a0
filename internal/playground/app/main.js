// Starts the playground with what is bundled here.
import { explorerPlugin } from "@graphiql/plugin-explorer";
import "@graphiql/plugin-explorer/style.css";
import { useEditorContext, useExecutionContext, usePluginStore } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { parse } from "graphql";
import { createClient as eventStreamClient } from "graphql-sse";
import { createClient as webSocketClient } from "graphql-ws/client";
import React from "react";
import { createRoot } from "react-dom/client";

import { start } from "../page/app.js";

const hooks = { useEditorContext, useExecutionContext, usePluginStore };
start({ React, createRoot, GraphiQL, hooks, explorerPlugin, parse, webSocketClient, eventStreamClient });
