-- SPDX-License-Identifier: GPL-2.0
-- Statements for sqlite3, run by scripts/lab.d/programs.py on a database in memory: rows are
-- inserted, an index is made, some are deleted, and queries join, group and sort.
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, town TEXT);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, item TEXT, price INTEGER);

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO customer SELECT i, 'customer ' || i, 'town ' || (i * 37 % 101) FROM n;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO purchase
SELECT i, 1 + i * 7919 % 1000, printf('item %.*c', 1 + i % 40, 'x'), i * 31 % 1009 FROM n;

CREATE INDEX purchase_customer ON purchase (customer);
CREATE INDEX purchase_item ON purchase (item, price);

SELECT town, count(*), sum(price) FROM customer JOIN purchase ON customer = customer.id
GROUP BY town ORDER BY sum(price) DESC, town LIMIT 10;

DELETE FROM purchase WHERE id % 3 = 0;
UPDATE purchase SET item = item || ' returned' WHERE id % 5 = 0;

SELECT length(item), count(*), max(price), group_concat(DISTINCT price % 7) FROM purchase
GROUP BY length(item) ORDER BY 1;

SELECT count(*) FROM (SELECT DISTINCT lower(item) || price FROM purchase);
