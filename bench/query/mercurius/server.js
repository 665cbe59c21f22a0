// A GraphQL server as Mercurius' documentation leads to: compiled queries (jit),
// loaders that batch, better-sqlite3 with prepared statements.
//
//   node server.js DATABASE SCHEMA
//
// It prints the address where it listens, on the loopback interface.
import { readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [path, schema] = process.argv.slice(2)
const db = new Database(path, { readonly: true })

// prepare prepares each statement once, however many forms it has.
const statements = new Map()
function prepare (sql) {
  let statement = statements.get(sql)
  if (!statement) statements.set(sql, statement = db.prepare(sql))
  return statement
}

const columns = 's.id, s.slug, s.title, s.summary, s.published_at AS publishedAt, s.priority, s.image_url, s.image_alt, s.image_credit'

function story (row) {
  row.image = { url: row.image_url, alt: row.image_alt, credit: row.image_credit }
  return row
}

// page is a page of stories, newest first, of a tag where there is one.
function page (tag, first, after) {
  const [from, alias, id] = tag === undefined
    ? ['stories s', 's', 's.id']
    : ['story_tags t JOIN stories s ON s.id = t.story_id', 't', 't.story_id']
  const where = ['true']
  const args = []
  if (tag !== undefined) {
    where.push('t.tag_id = ?')
    args.push(tag)
  }
  if (after) {
    where.push(`(${alias}.published_at, ${id}) < (?, ?)`)
    args.push(...Buffer.from(after, 'base64url').toString().split(' '))
  }
  const nodes = prepare(`SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${alias}.published_at DESC, ${id} DESC LIMIT ?`)
    .all(...args, first + 1).map(story)
  const hasNextPage = nodes.length > first
  if (hasNextPage) nodes.pop()
  const last = nodes.at(-1)
  const endCursor = last ? Buffer.from(`${last.publishedAt} ${last.id}`).toString('base64url') : null
  return { nodes, pageInfo: { hasNextPage, endCursor } }
}

// tagsOf are the tags of each of the stories.
function tagsOf (ids) {
  const byStory = new Map(ids.map((id) => [id, []]))
  const rows = prepare(`SELECT st.story_id, t.id, t.slug, t.name, t.kind FROM story_tags st JOIN tags t ON t.id = st.tag_id
    WHERE st.story_id IN (${ids.map(() => '?').join(', ')}) ORDER BY st.story_id, st.position`).all(...ids)
  for (const row of rows) byStory.get(row.story_id).push(row)
  return ids.map((id) => byStory.get(id))
}

// candidates is how many of the newest stories of each tag may be related to one.
const candidates = 20

function related (id, first) {
  const tags = tagsOf([id])[0]
  if (tags.length === 0) return []
  const newest = tags.map(() => 'SELECT * FROM (SELECT story_id FROM story_tags WHERE tag_id = ? ORDER BY published_at DESC LIMIT ?)').join(' UNION ALL ')
  return prepare(`SELECT ${columns} FROM (${newest}) c JOIN stories s ON s.id = c.story_id
    WHERE s.id <> ? GROUP BY s.id ORDER BY count(*) DESC, s.published_at DESC LIMIT ?`)
    .all(...tags.flatMap((tag) => [tag.id, candidates]), id, first).map(story)
}

const resolvers = {
  Query: {
    stories: (_, { first, after }) => page(undefined, first, after),
    story: (_, { slug }) => {
      const row = prepare(`SELECT ${columns} FROM stories s WHERE slug = ?`).get(slug)
      return row && story(row)
    },
    tag: (_, { slug }) => prepare('SELECT id, slug, name, kind FROM tags WHERE slug = ?').get(slug)
  },
  Tag: {
    stories: (tag, { first, after }) => page(tag.id, first, after)
  },
  Story: {
    body: ({ id }) => ({ html: prepare('SELECT body_html FROM stories WHERE id = ?').pluck().get(id) }),
    related: ({ id }, { first }) => related(id, first)
  }
}

const loaders = {
  Story: {
    tags: async (queries) => tagsOf(queries.map(({ obj }) => obj.id))
  }
}

const app = Fastify()
app.register(mercurius, { schema: readFileSync(schema, 'utf8'), resolvers, loaders, jit: 1 })
await app.listen({ host: '127.0.0.1', port: 0 })
console.log(`http://127.0.0.1:${app.server.address().port}`)

process.on('SIGTERM', () => process.exit(0))
