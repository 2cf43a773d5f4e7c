//! Numbers of linux/netfilter/nfnetlink.h and nf_tables.h.

/// NFNL_MSG_BATCH_BEGIN.
pub(super) const BATCH_BEGIN: u16 = 16;
/// NFNL_MSG_BATCH_END.
pub(super) const BATCH_END: u16 = 17;
/// NFNL_SUBSYS_NFTABLES: the subsystem whose messages a batch has.
pub(super) const NFTABLES: u8 = 10;

/// NFT_MSG_*.
pub(super) mod message {
    pub(crate) const NEW_TABLE: u8 = 0;
    pub(crate) const GET_TABLE: u8 = 1;
    pub(crate) const DEL_TABLE: u8 = 2;
    pub(crate) const NEW_CHAIN: u8 = 3;
    pub(crate) const GET_CHAIN: u8 = 4;
    pub(crate) const NEW_RULE: u8 = 6;
    pub(crate) const GET_RULE: u8 = 7;
    pub(crate) const NEW_SET: u8 = 9;
    pub(crate) const GET_SET: u8 = 10;
    pub(crate) const NEW_SET_ELEMENT: u8 = 12;
    pub(crate) const GET_SET_ELEMENT: u8 = 13;
    pub(crate) const NEW_GENERATION: u8 = 15;
    pub(crate) const GET_GENERATION: u8 = 16;
}

/// NFTA_GEN_*.
pub(super) mod generation {
    pub(crate) const ID: u16 = 1;
}

/// NFTA_LIST_ELEM.
pub(super) const LIST_ELEMENT: u16 = 1;

/// NFTA_TABLE_*.
pub(super) mod table {
    pub(crate) const NAME: u16 = 1;
}

/// NFTA_CHAIN_* and NFTA_HOOK_*.
pub(super) mod chain {
    pub(crate) const TABLE: u16 = 1;
    pub(crate) const NAME: u16 = 3;
    pub(crate) const HOOK: u16 = 4;
    pub(crate) const POLICY: u16 = 5;
    pub(crate) const TYPE: u16 = 7;
    pub(crate) const HOOK_NUMBER: u16 = 1;
    pub(crate) const HOOK_PRIORITY: u16 = 2;
    /// NF_INET_LOCAL_IN.
    pub(crate) const LOCAL_IN: u32 = 1;
    /// NF_ACCEPT.
    pub(crate) const ACCEPT: u32 = 1;
}

/// NFTA_SET_*, NFTA_SET_DESC_*, NFTA_SET_FIELD_*.
pub(super) mod set {
    pub(crate) const TABLE: u16 = 1;
    pub(crate) const NAME: u16 = 2;
    pub(crate) const FLAGS: u16 = 3;
    pub(crate) const KEY_TYPE: u16 = 4;
    pub(crate) const KEY_LENGTH: u16 = 5;
    pub(crate) const DATA_TYPE: u16 = 6;
    pub(crate) const DATA_LENGTH: u16 = 7;
    pub(crate) const DESCRIPTION: u16 = 9;
    pub(crate) const ID: u16 = 10;
    pub(crate) const USER_DATA: u16 = 13;
    pub(crate) const DESCRIPTION_CONCAT: u16 = 2;
    pub(crate) const FIELD_LENGTH: u16 = 1;
    /// NFT_SET_INTERVAL, NFT_SET_MAP and NFT_SET_CONCAT.
    pub(crate) const INTERVAL_MAP_CONCAT: u32 = 0x4 | 0x8 | 0x80;
    /// How the program `nft` calls types: TYPE_IPADDR, TYPE_IP6ADDR, TYPE_INET_SERVICE, TYPE_MARK, and the bits that
    /// each field of a concatenation takes.
    pub(crate) const IPV4_ADDRESS: u32 = 7;
    pub(crate) const IPV6_ADDRESS: u32 = 8;
    pub(crate) const SERVICE: u32 = 13;
    pub(crate) const MARK: u32 = 19;
    pub(crate) const TYPE_BITS: u32 = 6;
    /// What `nft` stores to know that values are in the order of this machine: NFTNL_UDATA_SET_KEYBYTEORDER and
    /// NFTNL_UDATA_SET_DATABYTEORDER, each with its length and BYTEORDER_HOST_ENDIAN.
    pub(crate) const BYTE_ORDERS: [[u8; 2]; 2] = [[0, 4], [1, 4]];
    pub(crate) const HOST_ORDER: u32 = 1;
}

/// NFTA_SET_ELEM_LIST_*, NFTA_SET_ELEM_*, NFTA_DATA_*.
pub(super) mod element {
    pub(crate) const TABLE: u16 = 1;
    pub(crate) const SET: u16 = 2;
    pub(crate) const ELEMENTS: u16 = 3;
    pub(crate) const SET_ID: u16 = 4;
    pub(crate) const KEY: u16 = 1;
    pub(crate) const DATA: u16 = 2;
    pub(crate) const KEY_END: u16 = 10;
    pub(crate) const VALUE: u16 = 1;
    pub(crate) const VERDICT: u16 = 2;
    pub(crate) const VERDICT_CODE: u16 = 1;
    /// NFT_RETURN.
    pub(crate) const RETURN: i32 = -5;
}

/// NFTA_RULE_*, NFTA_EXPR_* and the attributes of expressions.
pub(super) mod rule {
    pub(crate) const TABLE: u16 = 1;
    pub(crate) const CHAIN: u16 = 2;
    pub(crate) const HANDLE: u16 = 3;
    pub(crate) const EXPRESSIONS: u16 = 4;
    pub(crate) const NAME: u16 = 1;
    pub(crate) const DATA: u16 = 2;
    pub(crate) const META_INTO: u16 = 1;
    pub(crate) const META_KEY: u16 = 2;
    pub(crate) const META_FROM: u16 = 3;
    /// NFT_META_MARK.
    pub(crate) const MARK: u32 = 3;
    /// NFT_META_L4PROTO.
    pub(crate) const PROTOCOL: u32 = 16;
    pub(crate) const COMPARE_FROM: u16 = 1;
    pub(crate) const COMPARE_HOW: u16 = 2;
    pub(crate) const COMPARE_WITH: u16 = 3;
    /// NFT_CMP_EQ.
    pub(crate) const EQUAL: u32 = 0;
    pub(crate) const PAYLOAD_INTO: u16 = 1;
    pub(crate) const PAYLOAD_BASE: u16 = 2;
    pub(crate) const PAYLOAD_OFFSET: u16 = 3;
    pub(crate) const PAYLOAD_LENGTH: u16 = 4;
    /// NFT_PAYLOAD_NETWORK_HEADER.
    pub(crate) const NETWORK_HEADER: u32 = 1;
    /// NFT_PAYLOAD_TRANSPORT_HEADER.
    pub(crate) const TRANSPORT_HEADER: u32 = 2;
    pub(crate) const LOOKUP_SET: u16 = 1;
    pub(crate) const LOOKUP_FROM: u16 = 2;
    pub(crate) const LOOKUP_INTO: u16 = 3;
    pub(crate) const LOOKUP_SET_ID: u16 = 4;
    pub(crate) const COUNTER_BYTES: u16 = 1;
    pub(crate) const COUNTER_PACKETS: u16 = 2;
    pub(crate) const IMMEDIATE_INTO: u16 = 1;
    pub(crate) const IMMEDIATE_DATA: u16 = 2;
    /// NFT_REG_VERDICT.
    pub(crate) const REGISTER_VERDICT: u32 = 0;
    /// NFT_REG_1: 16 bytes, which are NFT_REG32_00 to _03, too.
    pub(crate) const REGISTER_1: u32 = 1;
    /// NFT_REG32_01: 4 bytes behind the first register.
    pub(crate) const BEHIND_IPV4: u32 = 9;
    /// NFT_REG_2: 16 bytes behind the first register.
    pub(crate) const BEHIND_IPV6: u32 = 2;
}
