// A database schema migration: two migrations in two realities. A validator refuses the one that would lose names, inside its
// transaction; mended, it meets the other one in a merge that is clean and wrong, which is refused, too, until it is right.

const table = (columns) => ({ table: 'users', columns });
const id = { type: 'number', required: true };
const name = { type: 'string', required: true };
const people = [['Ada', 'Lovelace'], ['Grace', 'Hopper'], ['Barbara', 'Liskov']];
const rows = (row) => people.map(([first, last], at) => row({ id: at + 1, first, last }));

/** Rows have the columns that their table asks for, and no other; each migration has a number of its own. */
function rowsFitTheirTable(snapshot) {
  const { columns } = JSON.parse(snapshot.readText('schema/users.json'));
  const problems = [];
  for (const row of JSON.parse(snapshot.readText('data/users.json'))) {
    for (const [column, { type, required }] of Object.entries(columns)) {
      if (required && row[column] === undefined) problems.push({ path: 'data/users.json', rule: 'rows', message: `user ${row.id} has no ${column}` });
      else if (row[column] !== undefined && typeof row[column] !== type) problems.push({ path: 'data/users.json', rule: 'rows', message: `${column} of user ${row.id} is no ${type}` });
    }
    for (const column of Object.keys(row).filter((column) => !(column in columns))) {
      problems.push({ path: 'data/users.json', rule: 'rows', message: `${column} of user ${row.id} would be lost` });
    }
  }
  const numbers = snapshot.list('migrations/*').map((path) => path.slice(11, 14));
  for (const number of numbers.filter((number, at) => numbers.indexOf(number) !== at)) {
    problems.push({ path: 'migrations', rule: 'numbers', message: `two migrations are numbered ${number}` });
  }
  return problems;
}

export default [
  {
    title: 'A table, its rows, and a rule',
    text: 'The repository holds a schema, the migration that made it and the rows of a test database. A validator of our own looks at every state before it becomes real: rows must fit their table, and no two migrations may share a number.',
    show: '#playground?reality=main&path=data/users.json',
    run({ repo, print }) {
      repo.validators = [rowsFitTheirTable];
      repo.main.apply({
        'schema/users.json': table({ id, name }),
        'data/users.json': rows(({ id, first, last }) => ({ id, name: `${first} ${last}` })),
        'migrations/001-users.sql': 'CREATE TABLE users (\n  id integer PRIMARY KEY,\n  name text NOT NULL\n);\n',
      }, 'The table of users');
      print(repo.main.list().join('\n'));
    },
  },
  {
    title: 'Two teams, two realities',
    text: 'One team adds a mail address, the other wants first and last names apart. Each works in a reality of its own, at the same time, from the same state. The first is done at once.',
    show: '#realities?reality=add-email',
    run({ repo, print }) {
      repo.realities(['add-email', 'split-name']);
      const commit = repo.reality('add-email').apply({
        'migrations/002-add-email.sql': 'ALTER TABLE users ADD COLUMN email text;\n',
        'schema/users.json': table({ id, name, email: { type: 'string', required: false } }),
      }, 'Users have a mail address');
      print(`add-email is at ${commit.id.slice(0, 10)}`);
    },
  },
  {
    title: 'Refused, inside the transaction',
    text: 'The other migration changes the table and forgets the rows. The validator sees the state that would be, and says what is wrong with it. The commit throws; nothing was written, and nobody has seen half of it.',
    show: '#realities?reality=split-name',
    run({ repo, print }) {
      const reality = repo.reality('split-name');
      const change = reality.begin()
        .add('migrations/002-split-name.sql', 'ALTER TABLE users ADD COLUMN first text NOT NULL;\nALTER TABLE users ADD COLUMN last text NOT NULL;\nALTER TABLE users DROP COLUMN name;\n')
        .add('schema/users.json', table({ id, first: name, last: name }));
      try {
        change.commit('First and last names apart');
      } catch (error) {
        print(`${error.code}: ${error.message}`);
        print.table(error.details.problems.map(({ path, rule, message }) => ({ path, rule, message })));
      }
      change.rollback();
      print(`split-name has not moved: ${reality.head === repo.main.head}`);
    },
  },
  {
    title: 'Mended',
    text: 'Now the rows go along with the table, in the same transaction. All of it passes, and becomes one commit.',
    show: '#realities?reality=split-name',
    run({ repo, print }) {
      const commit = repo.reality('split-name').begin()
        .add('migrations/002-split-name.sql', 'ALTER TABLE users ADD COLUMN first text;\nALTER TABLE users ADD COLUMN last text;\nUPDATE users SET\n  first = split_part(name, \' \', 1),\n  last = split_part(name, \' \', 2);\nALTER TABLE users DROP COLUMN name;\n')
        .add('schema/users.json', table({ id, first: name, last: name }))
        .add('data/users.json', rows((row) => row))
        .commit('First and last names apart');
      print(`split-name is at ${commit.id.slice(0, 10)}`);
    },
  },
  {
    title: 'A clean merge that is wrong',
    text: 'add-email goes into main. Then split-name is tried: line by line the two fit, and git would merge them. But both took the number 002, and a database would run only one. The validator sees the merged state before main goes there, and refuses it.',
    show: '#compare?with=main&with=split-name',
    run({ repo, print }) {
      repo.merge('add-email', 'main');
      const tried = repo.mergeTree('main', 'split-name');
      print(`line by line: ${tried.clean ? 'a clean merge' : 'a conflict'}`);
      try {
        repo.merge('split-name', 'main');
      } catch (error) {
        print(`${error.code}: ${error.message}`);
      }
      print(`main still is what add-email made it: ${repo.main.head === repo.reality('add-email').head}`);
    },
  },
  {
    title: 'The next free number, and merged',
    text: 'In split-name the migration moves to 003. Now the same merge passes: main has both changes, in an order that a database can follow.',
    show: '#timeline?reality=main&path=schema/users.json',
    run({ repo, print }) {
      repo.reality('split-name').begin()
        .move('migrations/002-split-name.sql', 'migrations/003-split-name.sql')
        .commit('Take the next free number');
      const { clean, commit } = repo.merge('split-name', 'main');
      print(`clean: ${clean}, main is at ${commit.id.slice(0, 10)}`);
      print(repo.main.list('migrations/*').join('\n'));
      print(`columns: ${Object.keys(JSON.parse(repo.main.readText('schema/users.json')).columns).join(', ')}`);
    },
  },
];
