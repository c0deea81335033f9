// A GraphQL API as people write them: graphql-yoga over a PostgreSQL pool. PORT, PG_PORT and API_KEY come from
// the environment. Errors of the database keep their SQLSTATE in extensions.code, as PostGraphile's do.
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { GraphQLError } from 'graphql';
import pg from 'pg';

const pool = new pg.Pool({
  host: '127.0.0.1', port: Number(process.env.PG_PORT), user: 'postgres', database: 'postgres',
  max: 4, connectionTimeoutMillis: 2000,
});
pool.on('error', () => {}); // an idle connection cut: the next query gets another

async function rows(text, values) {
  try {
    return (await pool.query(text, values)).rows;
  } catch (error) {
    throw new GraphQLError(error.message, { extensions: { code: error.code ?? 'INTERNAL_SERVER_ERROR' } });
  }
}

const typeDefs = /* GraphQL */ `
  type Note { id: ID!, text: String! }
  type Query { note(id: ID!): Note, notes(prefix: String!): [Note!]! }
  type Mutation {
    putNote(id: ID!, text: String!): Note!
    addNote(text: String!): Note!
    deleteNote(id: ID!): Note
    forget(id: ID!, text: String!): Note!
  }
`;

const put = 'insert into notes values ($1, $2) on conflict (id) do update set text = $2 returning *';
const resolvers = {
  Query: {
    note: async (_, { id }) => (await rows('select * from notes where id = $1', [id]))[0] ?? null,
    notes: (_, { prefix }) => rows("select * from notes where text like $1 || '%' order by id", [prefix]),
  },
  Mutation: {
    putNote: async (_, { id, text }) => (await rows(put, [id, text]))[0],
    addNote: async (_, { text }) => (await rows(put, [crypto.randomUUID(), text]))[0],
    deleteNote: async (_, { id }) => (await rows('delete from notes where id = $1 returning *', [id]))[0] ?? null,
    forget: (_, note) => note, // acknowledges and does not keep
  },
};

const admitted = {
  onExecute({ args }) {
    if (args.contextValue.request.headers.get('x-api-key') === process.env.API_KEY) return;
    throw new GraphQLError('Who are you?', { extensions: { code: 'UNAUTHENTICATED', http: { status: 200 } } });
  },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }), plugins: [admitted], maskedErrors: false, graphiql: false,
  logging: false,
});
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1');
