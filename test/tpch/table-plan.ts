import type { SuiteName } from './dataset.ts';

/** How a table is declared in AlopexDB, and where it is cut. */
export interface TablePlan {
  readonly key: readonly string[];
  /** Column of `sort_by`. */
  readonly sortBy?: string;
  readonly partitionBy?: string;
  /** Rows before it go to the cold tier in layouts that split by date. */
  readonly coldBefore?: string;
  /** Assignments and a key column by which 2% of the rows are updated and 1% deleted. */
  readonly change?: { readonly by: string; readonly set: string };
}

const TPCH: Readonly<Record<string, TablePlan>> = {
  lineitem: {
    key: ['l_orderkey', 'l_linenumber'],
    sortBy: 'l_shipdate',
    partitionBy: 'year(l_shipdate)',
    coldBefore: "l_shipdate < DATE '1995-06-17'",
    // Dates move too, some of them into another partition or over the cut.
    change: {
      by: 'l_orderkey',
      set: "l_quantity = l_quantity + 1, l_shipdate = l_shipdate + 30, l_shipmode = 'MAIL'",
    },
  },
  orders: {
    key: ['o_orderkey'],
    sortBy: 'o_orderdate',
    partitionBy: 'year(o_orderdate)',
    coldBefore: "o_orderdate < DATE '1995-06-17'",
    change: { by: 'o_orderkey', set: "o_totalprice = o_totalprice + 1000, o_orderpriority = '1-URGENT'" },
  },
  customer: { key: ['c_custkey'], change: { by: 'c_custkey', set: 'c_acctbal = c_acctbal + 100' } },
  part: { key: ['p_partkey'], change: { by: 'p_partkey', set: 'p_size = p_size % 50 + 1' } },
  partsupp: {
    key: ['ps_partkey', 'ps_suppkey'],
    change: { by: 'ps_partkey', set: 'ps_supplycost = ps_supplycost + 1, ps_availqty = ps_availqty + 10' },
  },
  supplier: { key: ['s_suppkey'], change: { by: 's_suppkey', set: 's_acctbal = s_acctbal + 100' } },
  nation: { key: ['n_nationkey'] },
  region: { key: ['r_regionkey'] },
};

/** A table of sales or returns, whose rows have a day: sold from 1998 to 2003. */
function facts(day: string, change: string, ...key: string[]): TablePlan {
  return {
    key,
    sortBy: day,
    partitionBy: `truncate(366, ${day})`,
    coldBefore: `${day} < 2451911`, // 2001-01-01
    change: { by: key.at(-1) ?? day, set: `${change} = ${change} + 1` },
  };
}

const TPCDS: Readonly<Record<string, TablePlan>> = {
  store_sales: facts('ss_sold_date_sk', 'ss_quantity', 'ss_item_sk', 'ss_ticket_number'),
  store_returns: facts('sr_returned_date_sk', 'sr_return_quantity', 'sr_item_sk', 'sr_ticket_number'),
  catalog_sales: facts('cs_sold_date_sk', 'cs_quantity', 'cs_item_sk', 'cs_order_number'),
  catalog_returns: facts('cr_returned_date_sk', 'cr_return_quantity', 'cr_item_sk', 'cr_order_number'),
  web_sales: facts('ws_sold_date_sk', 'ws_quantity', 'ws_item_sk', 'ws_order_number'),
  web_returns: facts('wr_returned_date_sk', 'wr_return_quantity', 'wr_item_sk', 'wr_order_number'),
  inventory: facts('inv_date_sk', 'inv_quantity_on_hand', 'inv_date_sk', 'inv_warehouse_sk', 'inv_item_sk'),
};

/** Other tables of TPC-DS have their key in the first column, and no date. */
export function tablePlan(suite: SuiteName, table: string, columns: readonly string[]): TablePlan {
  const plan = (suite === 'tpch' ? TPCH : TPCDS)[table];
  if (plan !== undefined) return plan;
  const [first = ''] = columns;
  return { key: [first.split(' ')[0] ?? ''] };
}
