import { useConnection } from "./newsroom";

const words = { live: "Live", reconnecting: "Connecting…", offline: "You are offline" };

export function ConnectionState() {
  const state = useConnection();
  return (
    <p className="connection" role="status" data-connection data-state={state}>
      {words[state]}
    </p>
  );
}
