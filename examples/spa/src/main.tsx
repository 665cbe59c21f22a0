import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { openNewsroom } from "./api";
import { App } from "./App";
import { NewsroomContext } from "./newsroom";
import "./style.css";

// By default the page's own origin: vite passes it on to depeche (vite.config.ts).
const url = new URL(import.meta.env.VITE_API ?? "/graphql", location.href).href;
const newsroom = openNewsroom(url);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Provider value={newsroom.queries}>
      <NewsroomContext value={newsroom}>
        <App />
      </NewsroomContext>
    </Provider>
  </StrictMode>,
);
