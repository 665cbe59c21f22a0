import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Lays a line to a server: a relay on an address of its own, whose connections can be cut while the server goes on.
 *
 * @param {string} address of the server: `http://127.0.0.1:PORT`
 * @returns {Promise<{ address: string, cut: () => void, close: () => void }>} the relay's address; `cut` ends what is
 *   connected, and whoever connects again gets through
 */
export async function layLine(address) {
  const { hostname, port } = new URL(address);
  const sockets = new Set();
  const relay = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => {}); // what follows tells
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    address: `http://127.0.0.1:${relay.address().port}`,
    cut,
    close() {
      relay.close();
      cut();
    },
  };
}
