// The names of API Management in the enterprise's zone. An A record for each: it answers only to names it knows.
param zone string
param address string
param names string[]

resource privateZone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zone
}

resource records 'Microsoft.Network/privateDnsZones/A@2024-06-01' = [
  for name in names: {
    parent: privateZone
    name: name
    properties: { ttl: 300, aRecords: [{ ipv4Address: address }] }
  }
]
