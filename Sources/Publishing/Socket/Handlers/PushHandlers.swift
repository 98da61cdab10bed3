// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `push.…` with one item: decodes it and hands it over, with the kernel's word on who sent it.
struct PushHandler: SocketHandler {
    let form: PushForm
    let sink: any PushSink

    var method: SocketMethod { form.method }

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        try sink.take(form, call.arguments, of: call)
        var receipt = PushReceipt()
        receipt.accept(form.kind)
        receipt.write(into: &result)
        return .pushed(receipt)
    }
}

/// Answers `push.batch`.
struct PushBatchHandler: SocketHandler {
    let method = PushBatch.method
    let sink: any PushSink

    /// A batch counts for its sender as what it holds.
    func pushedItems(_ call: SocketCall) -> Int { max(1, call.parameters?["items"]?.count ?? 1) }

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        var receipt = PushReceipt()
        for (index, item) in try PushBatch.items(of: call.arguments).enumerated() {
            var kind: PushItem.Kind?
            do throws(SocketFault) {
                let form = try PushBatch.form(of: item)
                kind = form.kind
                try sink.take(form, CallParameters(item), of: call)
                receipt.accept(form.kind)
            } catch {
                receipt.reject(index, kind, because: error)
            }
        }
        receipt.write(into: &result)
        return .pushed(receipt)
    }
}

extension PushSink {
    /// Reads an item and takes it.
    fileprivate func take(
        _ form: PushForm, _ parameters: CallParameters, of call: SocketCall
    ) throws(SocketFault) {
        let item = try form.read(parameters)
        do throws(PushRefusal) {
            try take(item, from: call.caller.source, at: call.received)
        } catch {
            throw SocketFault(error)
        }
    }
}
