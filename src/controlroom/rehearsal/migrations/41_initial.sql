-- migrate:up
CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    digest text PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE products (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL
);

CREATE TABLE orders (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    product_id integer NOT NULL REFERENCES products,
    quantity integer NOT NULL CHECK (quantity > 0),
    status text NOT NULL DEFAULT 'placed',
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO products (name, price) VALUES
    ('Teclado mecánico', 79.90),
    ('Teclado compacto', 39.50),
    ('Ratón inalámbrico', 24.95),
    ('Monitor de 27 pulgadas', 249.00),
    ('Auriculares con micrófono', 59.00),
    ('Cámara web', 44.90),
    ('Base para portátil', 32.00),
    ('Cable USB-C de 2 m', 9.95);

-- demo@shop.example, password "demo-password"
INSERT INTO users (email, password_hash) VALUES ('demo@shop.example', '6d7909140c5b2906$07d33f79903726ff3134155d6805445afaa2688fed01b98fe4220413e2fa2e69');

INSERT INTO orders (user_id, product_id, quantity, status) VALUES (1, 1, 1, 'placed'), (1, 4, 2, 'shipped');

-- migrate:down
DROP TABLE orders, products, sessions, users;
