import { ConnectionState } from "./ConnectionState";
import { FrontPage } from "./FrontPage";
import { Link, usePath } from "./router";
import { useSections } from "./sections";
import { StoryPage } from "./StoryPage";
import { Ticker } from "./Ticker";

export function App() {
  return (
    <>
      <a className="skip" href="#main">Skip to the news</a>
      <header>
        <Link href="/" className="name">Dépêche</Link>
        <Sections />
        <ConnectionState />
      </header>
      <div className="columns">
        <Ticker />
        <main id="main" tabIndex={-1}>
          <Page />
        </main>
      </div>
    </>
  );
}

function Page() {
  const [, kind, slug] = usePath().split("/"); // slugs are of a-z, 0-9 and -
  if (kind === "story" && slug) return <StoryPage key={slug} slug={slug} />;
  return kind === "section" && slug ? <FrontPage key={slug} section={slug} /> : <FrontPage />;
}

function Sections() {
  const sections = useSections();
  return (
    <nav aria-label="Sections">
      <ul>
        {sections.map(({ slug, name }) => (
          <li key={slug}>
            <Link href={`/section/${slug}`}>{name}</Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
