// DynamoDB (dynalite) on PORT and S3 (s3rver) on S3_PORT, both on loopback and in memory or DIRECTORY.
// Neither checks a signature: gate.py does. s3rver knows one key, S3RVER.
import dynalite from 'dynalite';
import S3rver from 's3rver';

const { PORT, S3_PORT, DIRECTORY } = process.env;

await new S3rver({
  address: '127.0.0.1',
  port: Number(S3_PORT),
  directory: DIRECTORY,
  silent: true,
  configureBuckets: [{ name: 'canaries' }],
}).run();
dynalite({ createTableMs: 0, deleteTableMs: 0 }).listen(Number(PORT), '127.0.0.1');
