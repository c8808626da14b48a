// A third DICOM stack, dcmjs-dimse, as modality, terminal and image storage. Prints what happened as one line of JSON.
"use strict";
const fs = require("fs");
const path = require("path");
const { Client, Dataset, Scp, Server, requests, responses, constants } = require("dcmjs-dimse");
const { PresentationContextResult, SopClass, Status, StorageClass } = constants;
const COMMITMENT = { class: SopClass.StorageCommitmentPushModel, instance: "1.2.840.10008.1.20.1.1" };
const ACCEPTED = [SopClass.Verification, COMMITMENT.class, ...Object.values(StorageClass)];

function ask(port, calling, called, asked, { getTo } = {}) {
  return new Promise((resolve) => {
    const client = new Client();
    const answers = [];
    for (const request of asked) {
      request.on("response", (response) => {
        const dataset = response.hasDataset() ? response.getDataset().getElements() : undefined;
        answers.push({ status: response.getStatus(), dataset });
        request.done = response.getStatus() !== Status.Pending && response.getStatus() !== 0xff01;
      });
      client.addRequest(request);
    }
    if (getTo) {
      client.on("cStoreRequest", (request, callback) => {
        const instance = request.getDataset();
        instance.toFile(path.join(getTo, `${instance.getElement("SOPInstanceUID")}.dcm`), (error) => {
          const response = responses.CStoreResponse.fromRequest(request);
          response.setStatus(error ? Status.ProcessingFailure : Status.Success);
          callback(response);
        });
      });
    }
    // It may ask for the release twice, and hear of the end in between.
    client.on("networkError", (error) => asked.every((one) => one.done) || answers.push({ error: String(error) }));
    client.on("associationRejected", (result) => answers.push({ rejected: result }));
    client.on("closed", () => resolve(answers));
    client.send("127.0.0.1", Number(port), calling, called, { associationLingerTimeout: 0 });
  });
}

function step(study, event) {
  const instance = Dataset.generateDerivedUid();
  const begun = new requests.NCreateRequest(SopClass.ModalityPerformedProcedureStep, instance);
  begun.setDataset(new Dataset({
    PerformedProcedureStepStatus: "IN PROGRESS", PerformedProcedureStepID: "P1", PerformedStationAETitle: "DCMJS",
    PerformedProcedureStepStartDate: "20260301", PerformedProcedureStepStartTime: "101500", Modality: "CR",
    PatientID: "P1", PatientName: "Phantom^Hand", _vrMap: {},
    ScheduledStepAttributesSequence: [{ StudyInstanceUID: study, AccessionNumber: "A1" }],
  }));
  const ended = new requests.NSetRequest(SopClass.ModalityPerformedProcedureStep, instance);
  ended.setDataset(new Dataset({
    PerformedProcedureStepStatus: event, PerformedProcedureStepEndDate: "20260301",
    PerformedProcedureStepEndTime: "101600", _vrMap: {},
  }));
  return [begun, ended];
}

function commitmentOf(sopClass, instance) {
  const request = new requests.NActionRequest(COMMITMENT.class, COMMITMENT.instance, 1);
  request.setDataset(new Dataset({
    TransactionUID: Dataset.generateDerivedUid(), _vrMap: {},
    ReferencedSOPSequence: [{ ReferencedSOPClassUID: sopClass, ReferencedSOPInstanceUID: instance }],
  }));
  return request;
}

// An image storage that commits itself on an association of its own.
function serve(port, folder, ours) {
  class Storage extends Scp {
    associationRequested(association) {
      for (const { id } of association.getPresentationContexts()) {
        const context = association.getPresentationContext(id);
        if (ACCEPTED.includes(context.getAbstractSyntaxUid())) {
          context.setResult(PresentationContextResult.Accept, context.getTransferSyntaxUids()[0]);
        } else {
          context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
        }
      }
      this.calling = association.getCallingAeTitle();
      this.sendAssociationAccept();
    }
    cEchoRequest(request, callback) {
      const response = responses.CEchoResponse.fromRequest(request);
      response.setStatus(Status.Success);
      callback(response);
    }
    cStoreRequest(request, callback) {
      const instance = request.getDataset();
      instance.toFile(path.join(folder, `${instance.getElement("SOPInstanceUID")}.dcm`), (error) => {
        const response = responses.CStoreResponse.fromRequest(request);
        response.setStatus(error ? Status.ProcessingFailure : Status.Success);
        callback(response);
      });
    }
    nActionRequest(request, callback) {
      const response = responses.NActionResponse.fromRequest(request);
      response.setStatus(Status.Success);
      callback(response);
      const asked = request.getDataset().getElements();
      const report = new requests.NEventReportRequest(COMMITMENT.class, COMMITMENT.instance, 1);
      report.setDataset(new Dataset({
        TransactionUID: asked.TransactionUID, ReferencedSOPSequence: asked.ReferencedSOPSequence, _vrMap: {},
      }));
      ask(ours, "DCMJS", this.calling, [report]);
    }
    nEventReportRequest(request, callback) {
      const response = responses.NEventReportResponse.fromRequest(request);
      response.setStatus(Status.Success);
      callback(response);
      const told = { event: request.getEventTypeId(), ...request.getDataset().getElements() };
      fs.writeFileSync(path.join(folder, "reported.json"), JSON.stringify(told));
    }
    associationReleaseRequested() {
      this.sendAssociationReleaseResponse();
    }
  }
  new Server(Storage).listen(Number(port));
}

async function main([mode, port, called, ...rest]) {
  const say = async (asked, options) => console.log(JSON.stringify(await ask(port, "DCMJS", called, asked, options)));
  if (mode === "send") {
    await say([new requests.CEchoRequest(), ...rest.map((file) => new requests.CStoreRequest(file))]);
  } else if (mode === "find") {
    await say([requests.CFindRequest.createStudyFindRequest({ StudyInstanceUID: rest[0], PatientName: "" })]);
  } else if (mode === "get") {
    await say([requests.CGetRequest.createStudyGetRequest(rest[0])], { getTo: rest[1] });
  } else if (mode === "step") {
    await say(step(rest[0], rest[1]));
  } else if (mode === "commit") {
    await say([commitmentOf(rest[0], rest[1])]);
  } else {
    serve(port, called, rest[0]);
  }
}

main(process.argv.slice(2));
